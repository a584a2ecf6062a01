/* Runs the tests of scripts. Argument: a folder with tests. */
#include "check.h"

/* The result of tests whose options begin with the folder. */
static char *tests(agencysh_host *host, const char *folder, const char *more,
                   agencysh_error **error) {
  char options[4096];
  snprintf(options, sizeof options, "{\"paths\": [\"%s\"]%s}", folder, more);
  return agencysh_tests(host, options, error);
}

int main(int count, char **words) {
  CHECK(count == 2);
  agencysh_error *error;
  agencysh_host *host = agencysh_host_new(NULL, &error);
  CHECK(host != NULL);

  char *run = tests(host, words[1], "", &error);
  CHECK(run != NULL && error == NULL);
  CHECK(strstr(run, "\"passed\":1,") && strstr(run, "\"failed\":1,"));
  CHECK(strstr(run, "\"success\":false") && strstr(run, "test_right"));
  CHECK(strstr(run, "1 is not 2") && strstr(run, "\"output\":\"hello\\n\""));
  agencysh_string_free(run);

  run = tests(host, words[1],
              ", \"filters\": [\"test_r*\"], \"jobs\": 2, \"timeout\": 30.5, "
              "\"deadline\": 60, \"rounds\": 2",
              &error);
  CHECK(run != NULL && error == NULL);
  CHECK(strstr(run, "\"passed\":2,") && strstr(run, "\"success\":true"));
  agencysh_string_free(run);

  run = tests(host, words[1], ", \"filter\": []", &error);
  CHECK(error != NULL && strstr(agencysh_error_message(error), "filter"));
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = tests(host, words[1], ", \"timeout\": -1", &error);
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = tests(host, words[1], ", \"jobs\": 0", &error);
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = tests(host, words[1], ", \"shard\": \"3/2\"", &error);
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = tests(host, words[1], ", \"skipped_checks\": [\"x\"]", &error);
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = agencysh_tests(host, "{}", &error);
  CHECK_ERROR(run == NULL, "argument.invalid", error);
  run = tests(host, "/no/such/folder", "", &error);
  CHECK_ERROR(run == NULL, "test.not_found", error);

  agencysh_host_free(host);
  return 0;
}
