//! agencysh as a Python module.
//!
//! * `shell`, `open`, `settings`, `tests`: runs scripts; `turn`: one after the other
//! * `agency`, `transactions`, `changes`, `clients`: an agency without scripts
//! * `cluster`, `cluster_options`, `cluster_facts`: servers without scripts
//! * `waiting`: waits without the GIL, which Ctrl-C ends
//! * `callbacks`, `natives`, `sinks`: functions of Python that run while a script does
//! * `values`, `absent`, `errors`: what goes in and comes out
//! * `program`: the command line

mod absent;
mod agency;
mod callbacks;
mod changes;
mod clients;
mod cluster;
mod cluster_facts;
mod cluster_options;
mod errors;
mod natives;
mod open;
mod program;
mod settings;
mod shell;
mod sinks;
mod tests;
mod transactions;
mod turn;
mod values;
mod waiting;

use pyo3::prelude::*;

#[pymodule]
fn _agencysh(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("ABSENT", absent::absent(module.py())?)?;
    module.add_class::<absent::Absent>()?;
    module.add_class::<agency::Agency>()?;
    module.add_class::<changes::Change>()?;
    module.add_class::<changes::Changes>()?;
    module.add_class::<cluster::Cluster>()?;
    module.add_class::<shell::Shell>()?;
    module.add_class::<tests::TestRun>()?;
    module.add_function(wrap_pyfunction!(cluster_options::check_launch, module)?)?;
    module.add_function(wrap_pyfunction!(tests::tests_of, module)?)?;
    module.add_function(wrap_pyfunction!(program::command_line, module)?)
}
