/* NULL and texts that are none are errors, never faults. */
#include "check.h"

#define INVALID(call)                                                          \
  do {                                                                         \
    agencysh_error *error = NULL;                                              \
    int failed = !(call);                                                      \
    CHECK_ERROR(failed, "argument.invalid", error);                            \
  } while (0)

static void unused(const char *text, size_t length, void *user) {
  (void)text;
  (void)length;
  (void)user;
}

int main(void) {
  const char *bad = "\xff\xfe";
  agencysh_error *none;
  agencysh_host *host = agencysh_host_new(NULL, &none);
  agencysh_builder *builder = agencysh_builder_new(NULL, NULL);
  CHECK(host != NULL && builder != NULL && none == NULL);

  INVALID(agencysh_host_new(bad, &error));
  INVALID(agencysh_host_new("{", &error));
  INVALID(agencysh_builder_new("nothing", &error));
  INVALID(agencysh_builder_build(NULL, &error));
  INVALID(agencysh_builder_output(NULL, unused, NULL, &error));
  INVALID(agencysh_builder_output(builder, NULL, NULL, &error));
  INVALID(agencysh_builder_notes(builder, NULL, NULL, &error));
  INVALID(agencysh_builder_log(builder, NULL, NULL, &error));
  INVALID(agencysh_builder_native(builder, NULL, "f", 0, NULL, NULL, &error));
  INVALID(agencysh_builder_native(builder, "f", NULL, 0, NULL, NULL, &error));
  INVALID(agencysh_builder_native(builder, bad, bad, 0, NULL, NULL, &error));

  INVALID(agencysh_eval(NULL, "1", &error));
  INVALID(agencysh_eval(host, NULL, &error));
  INVALID(agencysh_eval(host, bad, &error));
  INVALID(agencysh_run_file(host, NULL, NULL, NULL, &error));
  INVALID(agencysh_run_file(NULL, "a", NULL, NULL, &error));
  INVALID(agencysh_run_str(host, NULL, "1", NULL, NULL, &error));
  INVALID(agencysh_run_str(host, "a", NULL, NULL, NULL, &error));
  INVALID(agencysh_run_str(host, "a", "1", "[1]", NULL, &error));
  INVALID(agencysh_run_str(host, "a", "1", "{}", NULL, &error));
  INVALID(agencysh_run_str(host, "a", "1", "[\"x\"", NULL, &error));
  INVALID(agencysh_call(host, NULL, NULL, &error));
  INVALID(agencysh_call(NULL, "f", NULL, &error));
  INVALID(agencysh_call(host, "f", "(", &error));
  INVALID(agencysh_tests(NULL, "{}", &error));
  INVALID(agencysh_tests(host, NULL, &error));
  INVALID(agencysh_tests(host, "[[\".\"]]", &error));
  INVALID(agencysh_interrupter_new(NULL, &error));

  /* the same for those who want no errors */
  CHECK(agencysh_eval(NULL, NULL, NULL) == NULL);
  CHECK(!agencysh_builder_output(NULL, NULL, NULL, NULL));
  agencysh_interrupt(NULL);
  agencysh_interrupter_interrupt(NULL);
  CHECK(agencysh_native_arguments(NULL) == NULL);
  CHECK(agencysh_native_should_stop(NULL));
  CHECK(!agencysh_native_return(NULL, "1"));
  agencysh_native_fail(NULL, NULL, NULL);
  CHECK(agencysh_error_kind(NULL) == NULL);
  CHECK(agencysh_error_message(NULL) == NULL);
  CHECK(agencysh_error_file(NULL) == NULL);
  CHECK(agencysh_error_json(NULL) == NULL);
  CHECK(agencysh_error_line(NULL) == 0 && agencysh_error_column(NULL) == 0);

  agencysh_string_free(NULL);
  agencysh_error_free(NULL);
  agencysh_interrupter_free(NULL);
  agencysh_builder_free(NULL);
  agencysh_host_free(NULL);

  agencysh_builder_free(builder);
  agencysh_host_free(host);
  return 0;
}
