/* Another thread interrupts runs. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

/* Becomes true as soon as the script runs. */
struct gate {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool open;
};

struct order {
  struct gate *gate;
  agencysh_host *host;
  agencysh_interrupter *interrupter;
};

static void open_gate(const char *text, size_t length, void *user) {
  struct gate *gate = user;
  (void)text;
  (void)length;
  pthread_mutex_lock(&gate->lock);
  gate->open = true;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->lock);
}

static void *interrupt(void *user) {
  struct order *order = user;
  pthread_mutex_lock(&order->gate->lock);
  while (!order->gate->open)
    pthread_cond_wait(&order->gate->changed, &order->gate->lock);
  order->gate->open = false;
  pthread_mutex_unlock(&order->gate->lock);
  if (order->interrupter)
    agencysh_interrupter_interrupt(order->interrupter);
  else
    agencysh_interrupt(order->host);
  return NULL;
}

static void check_interrupted(struct order *order, const char *code) {
  pthread_t thread;
  agencysh_error *error;
  CHECK(pthread_create(&thread, NULL, interrupt, order) == 0);
  char *value = agencysh_eval(order->host, code, &error);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(error != NULL);
  CHECK(strstr(agencysh_error_json(error), "\"stop\":\"interrupted\""));
  CHECK_ERROR(value == NULL, "run.interrupted", error);
}

int main(void) {
  struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                      false};
  agencysh_error *error;
  agencysh_builder *builder =
      agencysh_builder_new("{\"deadline\": 60}", &error);
  CHECK(builder != NULL);
  CHECK(agencysh_builder_output(builder, open_gate, &gate, &error));
  agencysh_host *host = agencysh_builder_build(builder, &error);
  agencysh_builder_free(builder);
  CHECK(host != NULL);

  struct order order = {&gate, host, NULL};
  check_interrupted(&order, "print(1); try { loop { } } catch { }");
  check_interrupted(&order, "print(1); sleep(50)");
  /* an interrupt ends what runs, not what comes */
  agencysh_interrupt(host);
  CHECK_VALUE(agencysh_eval(host, "1", &error), "1", error);

  order.interrupter = agencysh_interrupter_new(host, &error);
  CHECK(order.interrupter != NULL && error == NULL);
  check_interrupted(&order, "print(1); sleep(50)");
  agencysh_host_free(host);
  agencysh_interrupter_interrupt(order.interrupter);
  agencysh_interrupter_free(order.interrupter);
  return 0;
}
