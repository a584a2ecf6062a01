/*
 * agencysh: runs Rhai scripts against ArangoDB's agency, in this process.
 *
 * Texts. All texts are UTF-8 and end with a NUL byte; values come and go as JSON. Integers of 64 bits stay exact; those
 * above INT64_MAX become floating-point numbers. NaN and infinities become null. Functions and handles, such as
 * agency::current(), have no JSON form: a run whose value is one ends with an error that says so.
 *
 * Errors. A function that takes `agencysh_error **error` puts an error there when it fails, and NULL when it does not,
 * whatever was there before; `error` itself may be NULL. It returns NULL or false when it fails. NULL where something is
 * needed, and texts that are not UTF-8 or no JSON, are errors of the kind "argument.invalid".
 *
 * Memory. Whatever has a function ..._free is freed by it, once, by whoever got it: builders, hosts, interrupters,
 * errors, and each `char *` (agencysh_string_free). A `const char *` belongs to the handle it was got from. Arguments
 * are borrowed for the call, and copied if need be. There is no order in which handles have to be freed, and all ..._free
 * functions pass over NULL.
 *
 * Threads. All functions may be called from any thread, and a host by several threads at the same time: its runs go on
 * one after the other, while those of other hosts go on beside them. A handle may be freed only when no other call with
 * it is going on; agencysh_interrupter is for those who cannot know that.
 *
 * Callbacks come on threads of agencysh, and from several of them at once where tests run in parallel; the functions and
 * what `user` points to have to stay until all hosts built with them are freed. No C++ exception and no longjmp may leave a
 * callback. It may use other hosts, but not call, or free, its own, which waits for it: that gives "host.busy". (By way
 * of another host's callback it would wait for ever.) It may always interrupt.
 *
 * Scripts may do everything unless the setting `permissions` says otherwise. The library prints nothing, ends nothing
 * and installs no signal handler. It stays loaded: do not dlclose() it while hosts exist.
 */

#ifndef AGENCYSH_H
#define AGENCYSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Counted up when programs have to be compiled anew: compare it with agencysh_abi_version().
 */
#define AGENCYSH_ABI_VERSION 1

/**
 * How severe a line of a log is.
 */
typedef enum {
  /**
   * Cannot be mended.
   */
  AGENCYSH_LOG_LEVEL_FATAL = 0,
  /**
   * Failed.
   */
  AGENCYSH_LOG_LEVEL_ERROR = 1,
  /**
   * May fail.
   */
  AGENCYSH_LOG_LEVEL_WARNING = 2,
  /**
   * Worth knowing.
   */
  AGENCYSH_LOG_LEVEL_INFO = 3,
  /**
   * Helps to find a fault.
   */
  AGENCYSH_LOG_LEVEL_DEBUG = 4,
  /**
   * Each single step.
   */
  AGENCYSH_LOG_LEVEL_TRACE = 5,
} agencysh_log_level;

/**
 * Collects what hosts are made of. agencysh_builder_free() frees it.
 */
typedef struct agencysh_builder agencysh_builder;

/**
 * What went wrong. agencysh_error_free() frees it.
 */
typedef struct agencysh_error agencysh_error;

/**
 * Runs scripts, one after the other. agencysh_host_free() frees it.
 */
typedef struct agencysh_host agencysh_host;

/**
 * Interrupts a host's runs, and may outlive the host. agencysh_interrupter_free() frees it.
 */
typedef struct agencysh_interrupter agencysh_interrupter;

/**
 * One call of an agencysh_native_function. It belongs to agencysh, and ends when the function returns.
 */
typedef struct agencysh_native_call agencysh_native_call;

/**
 * Takes text: `length` bytes of UTF-8, which a NUL byte follows, and which are gone after the call. They may hold NUL bytes.
 */
typedef void (*agencysh_text_function)(const char *text, size_t length, void *user);

/**
 * A line of a script's log. Later versions may add members at its end.
 */
typedef struct {
  /**
   * When it was logged, in seconds since 1970.
   */
  double time;
  /**
   * How severe it is.
   */
  agencysh_log_level level;
  /**
   * What it is about, such as "agency".
   */
  const char *topic;
  /**
   * The text, as for agencysh_text_function.
   */
  const char *message;
  /**
   * The bytes of the text.
   */
  size_t message_length;
} agencysh_log_record;

/**
 * Takes a line of a script's log, which is gone after the call.
 */
typedef void (*agencysh_log_function)(const agencysh_log_record *record, void *user);

/**
 * A function that scripts call. It answers with agencysh_native_return() or agencysh_native_fail(); the script gets ()
 * when it does neither, and the last answer when it answers again. No C++ exception and no longjmp may leave it.
 */
typedef void (*agencysh_native_function)(agencysh_native_call *call, void *user);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * A builder with these settings: a JSON object, or NULL for none.
 *
 * Members, all of which may be left out (times in seconds): one of `embedded` (so many agents in this process),
 * `launch` (a cluster, described as for `cluster::launch`), `endpoints` (an array; `coordinator` may go with it) and
 * `topology` (a file); `jwt_secret`, `jwt_secret_file`, `jwt_token`, or `username` and `password`; `ca_file`, `insecure`;
 * `deadline` of each run, `timeout` of each operation, `connect_timeout`; `database`; `arguments`; `seed`; `log_levels`
 * such as "agency=debug"; `module_folders`, `modules` (scripts by name); `temp_dir`; `pretty`, `color`;
 * `permissions`: "all" (the default), "none", or an object of `files`, `network`, `environment` (true, or an array
 * each), `ports`, `processes`, `read_only`; `limits`: `operations`, `string_size`, `array_size`, `map_size`,
 * `call_depth`, `output`.
 */
agencysh_builder *agencysh_builder_new(const char *settings_json,
                                       agencysh_error **error);

/**
 * What scripts print goes to this function, newlines included; nowhere unless said.
 */
bool agencysh_builder_output(agencysh_builder *builder,
                             agencysh_text_function function,
                             void *user,
                             agencysh_error **error);

/**
 * Lines for people that are no output go to this function, without newlines; nowhere unless said.
 */
bool agencysh_builder_notes(agencysh_builder *builder,
                            agencysh_text_function function,
                            void *user,
                            agencysh_error **error);

/**
 * What scripts log goes to this function; nowhere unless said. The setting `log_levels` says what is logged.
 */
bool agencysh_builder_log(agencysh_builder *builder,
                          agencysh_log_function function,
                          void *user,
                          agencysh_error **error);

/**
 * Lets scripts call `function` as `namespace_name::name`, with `arity` arguments, at most 16. Functions of one name may
 * have several arities. Arguments that have no JSON form are an error in the script.
 */
bool agencysh_builder_native(agencysh_builder *builder,
                             const char *namespace_name,
                             const char *name,
                             size_t arity,
                             agencysh_native_function function,
                             void *user,
                             agencysh_error **error);

/**
 * A host as described so far. The builder stays, and can build more of them; it may be freed before the host.
 *
 * Servers are started, and connections made, when they are first needed.
 */
agencysh_host *agencysh_builder_build(const agencysh_builder *builder, agencysh_error **error);

/**
 * Frees a builder. NULL is passed over.
 */
void agencysh_builder_free(agencysh_builder *builder);

/**
 * The stable dotted name, such as "agency.no_leader" or "script.unknown_variable": what to decide by.
 *
 * "argument.invalid": a NULL or malformed argument; "host.busy": a callback of the host calls the host;
 * "host.panic": a fault of agencysh. Texts belong to the error and end with it. NULL gives NULL.
 */
const char *agencysh_error_kind(const agencysh_error *error);

/**
 * The text for people, without position and causes.
 */
const char *agencysh_error_message(const agencysh_error *error);

/**
 * The script in which it arose; NULL when it arose in none.
 */
const char *agencysh_error_file(const agencysh_error *error);

/**
 * The line in that script, counted from 1; 0 when there is none.
 */
uint32_t agencysh_error_line(const agencysh_error *error);

/**
 * The column in that line, counted from 1; 0 when there is none.
 */
uint32_t agencysh_error_column(const agencysh_error *error);

/**
 * The whole error as a JSON object: kind, message, name, error_num, code, context, causes, file, line, column,
 * source_line, trace (an array of function, file, line, column; the outermost call first), hint, and stop: "deadline",
 * "interrupted" or "limit" when such a thing ended the run. What does not apply is null.
 */
const char *agencysh_error_json(const agencysh_error *error);

/**
 * Frees an error. NULL is passed over.
 */
void agencysh_error_free(agencysh_error *error);

/**
 * A host with these settings, as for agencysh_builder_new(), and nothing else.
 */
agencysh_host *agencysh_host_new(const char *settings_json, agencysh_error **error);

/**
 * Runs a line of code and gives the JSON text of its value.
 */
char *agencysh_eval(const agencysh_host *host, const char *code, agencysh_error **error);

/**
 * Runs a script file and gives the JSON text of its value. `arguments_json` is an array of strings, or NULL for none;
 * without any, the setting `arguments` holds. What the script gives to `exit` goes to `*exit_code`, 0 if it does not
 * call it; NULL is possible.
 */
char *agencysh_run_file(const agencysh_host *host,
                        const char *path,
                        const char *arguments_json,
                        int64_t *exit_code,
                        agencysh_error **error);

/**
 * As agencysh_run_file(), with the text of a script that errors call `name`.
 */
char *agencysh_run_str(const agencysh_host *host,
                       const char *name,
                       const char *text,
                       const char *arguments_json,
                       int64_t *exit_code,
                       agencysh_error **error);

/**
 * Calls a function of the script that ran last and gives the JSON text of its value. An array holds its arguments; any
 * other JSON value is its only argument; NULL stands for none.
 */
char *agencysh_call(const agencysh_host *host,
                    const char *function,
                    const char *arguments_json,
                    agencysh_error **error);

/**
 * Runs the tests of scripts and gives what they came to; tests that fail are results, no errors.
 *
 * The options are a JSON object: `paths` of files and folders, which must be there; and, where wanted, `filters`
 * (patterns such as "test_a*"), `only` (tests as "file::test"), `shard` ("1/3"), `skip_markers`, `only_markers`, `jobs`,
 * `timeout` of each test and `deadline` of all (in seconds), `retries`, `rounds`, `marks`, `strict`, `skipped_checks`,
 * `dumps` (a folder).
 *
 * The result is an object: `passed`, `flaky`, `failed`, `skipped`, `failures` (numbers), `success`, `duration`, `stopped`
 * (null, "interrupted" or "deadline"), and `files`: each with `file`, `round`, `success`, `duration`, `failures`,
 * `skip_reason`, `output`, `notes` and `tests`; those with `test` (the name), `verdict` ("passed", "flaky", "failed",
 * "skipped"), `attempts`, `duration`, `set_up`, `tear_down`, `failures` (errors, as agencysh_error_json() has them, with
 * `phase`), `skip_reason`, `output`, `notes`.
 */
char *agencysh_tests(const agencysh_host *host,
                     const char *options_json,
                     agencysh_error **error);

/**
 * Ends what the host runs at this moment, with an error whose `stop` is "interrupted"; runs that begin later go on. From
 * any thread, also from a callback, but not from a signal handler.
 */
void agencysh_interrupt(const agencysh_host *host);

/**
 * Frees a host and ends its servers. Nothing else may be going on with it; within one of its own callbacks it stays as
 * it is. NULL is passed over.
 */
void agencysh_host_free(agencysh_host *host);

/**
 * An interrupter for a thread that does not know how long the host stays: it does nothing once the host is freed.
 */
agencysh_interrupter *agencysh_interrupter_new(const agencysh_host *host, agencysh_error **error);

/**
 * As agencysh_interrupt(), from any thread.
 */
void agencysh_interrupter_interrupt(const agencysh_interrupter *interrupter);

/**
 * Frees an interrupter. NULL is passed over.
 */
void agencysh_interrupter_free(agencysh_interrupter *interrupter);

/**
 * The arguments: the text of a JSON array. It belongs to the call.
 */
const char *agencysh_native_arguments(const agencysh_native_call *call);

/**
 * Whether the function should give up, because the run is interrupted or its deadline has passed. One that takes long
 * looks at this from time to time; the run ends when it has returned.
 */
bool agencysh_native_should_stop(const agencysh_native_call *call);

/**
 * Answers with the value that this JSON text stands for; NULL stands for (). The text is copied.
 *
 * It is false when the text is no JSON: the script gets the error "argument.invalid" then.
 */
bool agencysh_native_return(agencysh_native_call *call, const char *value_json);

/**
 * Answers with an error, which the script can catch: a map with this `kind`, a dotted name such as "bank.no_account",
 * and this `message`. NULL stands for "native.failed" and for no message. The texts are copied.
 */
void agencysh_native_fail(agencysh_native_call *call, const char *kind, const char *message);

/**
 * Frees a text that a function has returned as `char *`. NULL is passed over.
 */
void agencysh_string_free(char *text);

/**
 * The version of the library that runs, such as "0.1.0". It is never freed.
 */
const char *agencysh_version(void);

/**
 * The AGENCYSH_ABI_VERSION of the library that runs.
 */
uint32_t agencysh_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* AGENCYSH_H */
