/* Scripts call functions of the program. */
#include "check.h"

struct bank {
  int balance;
  int calls;
  agencysh_host *own;
  agencysh_host *other;
};

static void balance(agencysh_native_call *call, void *user) {
  struct bank *bank = user;
  char text[40];
  bank->calls++;
  CHECK(!agencysh_native_should_stop(call));
  if (strcmp(agencysh_native_arguments(call), "[\"alice\"]") != 0) {
    agencysh_native_fail(call, "bank.no_account", "there is no such account");
    return;
  }
  snprintf(text, sizeof text, "{\"cents\": %d}", bank->balance);
  CHECK(agencysh_native_return(call, "\"the last answer counts\""));
  CHECK(agencysh_native_return(call, text));
}

static void total(agencysh_native_call *call, void *user) {
  (void)user;
  CHECK(strcmp(agencysh_native_arguments(call), "[]") == 0);
  CHECK(agencysh_native_return(call, "9007199254740993"));
}

static void echo(agencysh_native_call *call, void *user) {
  (void)user;
  CHECK(agencysh_native_return(call, agencysh_native_arguments(call)));
}

static void nothing(agencysh_native_call *call, void *user) {
  (void)call;
  (void)user;
}

static void garbage(agencysh_native_call *call, void *user) {
  (void)user;
  CHECK(!agencysh_native_return(call, "{\"cents\": "));
}

static void failing(agencysh_native_call *call, void *user) {
  (void)user;
  agencysh_native_fail(call, NULL, NULL);
}

/* Calls its own host, which waits for it, and another one, which does not. */
static void again(agencysh_native_call *call, void *user) {
  struct bank *bank = user;
  agencysh_error *error;
  char *value = agencysh_eval(bank->own, "1", &error);
  CHECK_ERROR(value == NULL, "host.busy", error);
  value = agencysh_tests(bank->own, "{\"paths\": [\".\"]}", &error);
  CHECK_ERROR(value == NULL, "host.busy", error);
  agencysh_host_free(bank->own); /* does nothing here */
  value = agencysh_eval(bank->other, "\"of another host\"", &error);
  CHECK(value != NULL && agencysh_native_return(call, value));
  agencysh_string_free(value);
}

static void impatient(agencysh_native_call *call, void *user) {
  struct bank *bank = user;
  agencysh_interrupt(bank->own);
  CHECK(agencysh_native_should_stop(call));
  bank->calls++;
}

int main(void) {
  struct bank bank = {1250, 0, NULL, NULL};
  agencysh_error *error;
  agencysh_builder *builder = agencysh_builder_new(NULL, &error);
  CHECK(builder != NULL);
#define NATIVE(name, arity, function)                                          \
  CHECK(agencysh_builder_native(builder, "bank", name, arity, function, &bank, \
                                &error))
  NATIVE("balance", 1, balance);
  NATIVE("balance", 0, total);
  NATIVE("echo", 3, echo);
  NATIVE("nothing", 0, nothing);
  NATIVE("garbage", 0, garbage);
  NATIVE("failing", 0, failing);
  NATIVE("again", 0, again);
  NATIVE("impatient", 0, impatient);

  /* functions that scripts could not call, or tell apart */
  bool added =
      agencysh_builder_native(builder, "bank", "balance", 1, echo, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);
  added = agencysh_builder_native(builder, "bank", "if", 1, echo, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);
  added = agencysh_builder_native(builder, "a b", "c", 1, echo, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);
  added = agencysh_builder_native(builder, "", "c", 1, echo, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);
  added = agencysh_builder_native(builder, "bank", "c", 17, echo, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);
  added = agencysh_builder_native(builder, "bank", "c", 1, NULL, NULL, &error);
  CHECK_ERROR(!added, "argument.invalid", error);

  agencysh_host *host = agencysh_builder_build(builder, &error);
  CHECK(host != NULL && error == NULL);
  CHECK(agencysh_builder_native(builder, "http", "get", 1, echo, NULL, &error));
  bank.other = agencysh_builder_build(builder, &error);
  CHECK_ERROR(bank.other == NULL, "host.name_taken", error);
  agencysh_builder_free(builder);
  bank.own = host;
  bank.other = agencysh_host_new(NULL, &error);
  CHECK(bank.other != NULL);

  CHECK_VALUE(agencysh_eval(host, "bank::balance(\"alice\").cents + 1", &error),
              "1251", error);
  CHECK_VALUE(agencysh_eval(host, "bank::balance()", &error),
              "9007199254740993", error);
  CHECK_VALUE(agencysh_eval(host, "let x = [1, ()]; bank::echo(x, 2.5, \"\")",
                            &error),
              "[[1,null],2.5,\"\"]", error);
  CHECK_VALUE(agencysh_eval(host, "bank::nothing() == ()", &error), "true",
              error);
  CHECK_VALUE(
      agencysh_eval(host,
                    "let seen; try { bank::balance(\"bob\") } catch (e) "
                    "{ seen = [e.kind, e.message, e.context.func] } seen",
                    &error),
      "[\"bank.no_account\",\"there is no such account\",\"bank::balance\"]",
      error);
  CHECK_VALUE(agencysh_eval(host, "bank::again()", &error),
              "\"of another host\"", error);

  char *value = agencysh_eval(host, "\n bank::balance(\"bob\")", &error);
  CHECK(error != NULL && agencysh_error_line(error) == 2);
  CHECK_ERROR(value == NULL, "bank.no_account", error);
  value = agencysh_eval(host, "bank::garbage()", &error);
  CHECK_ERROR(value == NULL, "argument.invalid", error);
  value = agencysh_eval(host, "bank::failing()", &error);
  CHECK_ERROR(value == NULL, "native.failed", error);
  value = agencysh_eval(host, "bank::balance(|x| x)", &error);
  CHECK(error != NULL && strstr(agencysh_error_message(error), "argument 1"));
  CHECK_ERROR(value == NULL, "argument.type", error);

  bank.calls = 0;
  value = agencysh_eval(host, "bank::impatient(); loop { }", &error);
  CHECK_ERROR(value == NULL, "run.interrupted", error);
  CHECK(bank.calls == 1);

  agencysh_host_free(host);
  agencysh_host_free(bank.other);
  return 0;
}
