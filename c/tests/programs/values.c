/* Values come and go as JSON. Arguments: a script file that gives env::args(), and one that calls exit(3). */
#include "check.h"

int main(int count, char **words) {
  CHECK(count == 3);
  CHECK(agencysh_abi_version() == AGENCYSH_ABI_VERSION);
  CHECK(agencysh_version()[0] >= '0' && agencysh_version()[0] <= '9');

  agencysh_error *error;
  agencysh_host *host =
      agencysh_host_new("{\"arguments\": [\"by default\"]}", &error);
  CHECK(host != NULL && error == NULL);

  CHECK_VALUE(agencysh_eval(host, "40 + 2", &error), "42", error);
  CHECK_VALUE(agencysh_eval(host, "", &error), "null", error);
  CHECK_VALUE(agencysh_eval(host, "9007199254740993", &error),
              "9007199254740993", error);
  CHECK_VALUE(agencysh_eval(host, "-9223372036854775807 - 1", &error),
              "-9223372036854775808", error);
  CHECK_VALUE(agencysh_eval(host, "[1, 2.5, \"\xc3\xa9\", (), true, #{a: 'b'}]",
                            &error),
              "[1,2.5,\"\xc3\xa9\",null,true,{\"a\":\"b\"}]", error);
  CHECK_VALUE(agencysh_eval(host, "\"a\\x00b\"", &error), "\"a\\u0000b\"",
              error);
  CHECK_VALUE(agencysh_eval(host, "0.0 / 0.0", &error), "null", error);

  /* what has no JSON form */
  char *none = agencysh_eval(host, "|x| x + 1", &error);
  CHECK(error != NULL &&
        strstr(agencysh_error_message(error), "has no JSON form"));
  CHECK_ERROR(none == NULL, "argument.invalid", error);

  /* scripts and their functions */
  int64_t code = -1;
  const char *script = "fn add(a, b) { a + b } fn one() { 1 } "
                       "fn same(value) { value } env::args()";
  CHECK_VALUE(agencysh_run_str(host, "sums", script, "[\"x\", \"y\"]", &code,
                               &error),
              "[\"x\",\"y\"]", error);
  CHECK(code == 0);
  CHECK_VALUE(agencysh_call(host, "add", "[9007199254740993, 1]", &error),
              "9007199254740994", error);
  CHECK_VALUE(agencysh_call(host, "same", "{\"new\": [1]}", &error),
              "{\"new\":[1]}", error);
  CHECK_VALUE(agencysh_call(host, "one", NULL, &error), "1", error);
  CHECK_VALUE(agencysh_run_file(host, words[1], NULL, NULL, &error),
              "[\"by default\"]", error);
  CHECK_VALUE(agencysh_run_file(host, words[1], "[\"z\"]", NULL, &error),
              "[\"z\"]", error);
  CHECK_VALUE(agencysh_run_file(host, words[2], NULL, &code, &error), "null",
              error);
  CHECK(code == 3);

  /* whoever wants no errors gets none */
  CHECK(agencysh_eval(host, "throw 1", NULL) == NULL);
  agencysh_host_free(host);
  return 0;
}
