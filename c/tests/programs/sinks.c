/* Output, notes and log lines go to functions of the program. */
#include "check.h"

struct seen {
  char output[200];
  size_t output_length;
  char notes[200];
  int lines;
};

static void take_output(const char *text, size_t length, void *user) {
  struct seen *seen = user;
  CHECK(text[length] == 0);
  CHECK(seen->output_length + length < sizeof seen->output);
  memcpy(seen->output + seen->output_length, text, length);
  seen->output_length += length;
}

static void take_note(const char *text, size_t length, void *user) {
  struct seen *seen = user;
  CHECK(strlen(text) == length);
  strncat(seen->notes, text, sizeof seen->notes - strlen(seen->notes) - 1);
}

static void take_line(const agencysh_log_record *record, void *user) {
  struct seen *seen = user;
  CHECK(record->time > 1e9);
  CHECK(strlen(record->message) == record->message_length);
  seen->lines++;
  if (seen->lines == 1) {
    CHECK(record->level == AGENCYSH_LOG_LEVEL_WARNING);
    CHECK(strcmp(record->topic, "agency") == 0);
    CHECK(strcmp(record->message, "slow") == 0);
  } else {
    CHECK(record->level == AGENCYSH_LOG_LEVEL_DEBUG);
    CHECK(strcmp(record->topic, "cluster") == 0);
  }
}

int main(void) {
  struct seen seen = {{0}, 0, {0}, 0};
  agencysh_error *error;
  agencysh_builder *builder =
      agencysh_builder_new("{\"log_levels\": [\"cluster=debug\"]}", &error);
  CHECK(builder != NULL);
  CHECK(agencysh_builder_output(builder, take_output, &seen, &error));
  CHECK(agencysh_builder_notes(builder, take_note, &seen, &error));
  CHECK(agencysh_builder_log(builder, take_line, &seen, &error));
  agencysh_host *host = agencysh_builder_build(builder, &error);
  agencysh_builder_free(builder);
  CHECK(host != NULL);

  CHECK_VALUE(agencysh_eval(host,
                            "print(\"one\"); print([1, 2]); print(\"\\x00\"); "
                            "term::note(\"for people\"); "
                            "log::warn(\"agency\", \"slow\"); "
                            "log::at(\"debug\", \"agency\", \"not shown\"); "
                            "log::at(\"debug\", \"cluster\", \"shown\");",
                            &error),
              "null", error);
  CHECK(seen.output_length == 15);
  CHECK(memcmp(seen.output, "one\n[ 1, 2 ]\n\0\n", 15) == 0);
  CHECK(strcmp(seen.notes, "for people") == 0);
  CHECK(seen.lines == 2);
  agencysh_host_free(host);
  return 0;
}
