/* Errors are objects. Argument: a script file whose third line throws. */
#include "check.h"

int main(int count, char **words) {
  CHECK(count == 2);
  agencysh_error *error;
  agencysh_host *host = agencysh_host_new(NULL, &error);
  CHECK(host != NULL);

  int64_t code = 77;
  CHECK(agencysh_run_file(host, words[1], NULL, &code, &error) == NULL);
  CHECK(code == 77);
  CHECK(strcmp(agencysh_error_file(error), words[1]) == 0);
  CHECK(agencysh_error_line(error) == 3);
  CHECK(agencysh_error_column(error) == 5);
  CHECK(strstr(agencysh_error_message(error), "no such account"));
  CHECK(strstr(agencysh_error_json(error), "\"function\":\"look\""));
  CHECK(strstr(agencysh_error_json(error), "\"stop\":null"));
  CHECK(agencysh_error_kind(error)[0] != 0);
  agencysh_error_free(error);

  char *value = agencysh_eval(host, "let a = 1;\nunknown + 1", &error);
  CHECK(error != NULL && agencysh_error_line(error) == 2);
  CHECK(strcmp(agencysh_error_file(error), "<eval>") == 0);
  CHECK_ERROR(value == NULL, "script.unknown_variable", error);

  agencysh_host *hasty = agencysh_host_new("{\"deadline\": 0.05}", &error);
  CHECK(hasty != NULL);
  value = agencysh_eval(hasty, "try { loop { } } catch { 1 }", &error);
  CHECK(error != NULL);
  CHECK(strstr(agencysh_error_json(error), "\"stop\":\"deadline\""));
  CHECK_ERROR(value == NULL, "deadline.reached", error);
  agencysh_host_free(hasty);

  value = agencysh_eval(host, "throw \"a\\x00b\"", &error);
  CHECK(error != NULL);
  CHECK(strstr(agencysh_error_message(error), "a\xef\xbf\xbd"
                                              "b"));
  CHECK(strstr(agencysh_error_json(error), "a\\u0000b"));
  agencysh_error_free(error);

  /* errors outside of scripts have no place */
  value = agencysh_run_file(host, "/no/such/script.rhai", NULL, NULL, &error);
  CHECK(value == NULL && error != NULL);
  CHECK(agencysh_error_file(error) == NULL);
  CHECK(agencysh_error_line(error) == 0 && agencysh_error_column(error) == 0);
  CHECK(strstr(agencysh_error_message(error), "/no/such/script.rhai"));
  agencysh_error_free(error);

  agencysh_host *other = agencysh_host_new(NULL, &error);
  CHECK(other != NULL && error == NULL);
  value = agencysh_call(other, "f", NULL, &error);
  CHECK_ERROR(value == NULL, "host.nothing_to_call", error);
  agencysh_host_free(other);

  other = agencysh_host_new("{\"embeded\": 1}", &error);
  CHECK(error != NULL && strstr(agencysh_error_json(error), "embeded"));
  CHECK_ERROR(other == NULL, "host.settings", error);
  other = agencysh_host_new("{\"embedded\": 2}", &error);
  CHECK_ERROR(other == NULL, "cluster.pool_size", error);

  agencysh_host_free(host);
  return 0;
}
