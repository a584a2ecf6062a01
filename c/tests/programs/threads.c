/* Hosts do not disturb each other, and one host may have several threads. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

enum { RUNS = 20 };

/* A host that waits in its script until the other one does as well. */
struct side {
  agencysh_host *host;
  pthread_barrier_t *barrier;
  const char *answer;
};

static void meet(agencysh_native_call *call, void *user) {
  struct side *side = user;
  pthread_barrier_wait(side->barrier);
  CHECK(agencysh_native_return(call, side->answer));
}

static void *run_side(void *user) {
  struct side *side = user;
  agencysh_error *error;
  for (int run = 0; run < RUNS; run++)
    CHECK_VALUE(agencysh_eval(side->host, "side::meet()", &error), side->answer,
                error);
  return NULL;
}

static void *run_shared(void *user) {
  agencysh_error *error;
  for (int run = 0; run < RUNS; run++)
    CHECK_VALUE(agencysh_eval(user, "let sum = 0; for n in 0..100 { sum += n } "
                                    "sum",
                              &error),
                "4950", error);
  return NULL;
}

static agencysh_host *host_of(struct side *side) {
  agencysh_error *error;
  agencysh_builder *builder = agencysh_builder_new("{\"deadline\": 60}", &error);
  CHECK(builder != NULL);
  CHECK(agencysh_builder_native(builder, "side", "meet", 0, meet, side, &error));
  agencysh_host *host = agencysh_builder_build(builder, &error);
  CHECK(host != NULL);
  agencysh_builder_free(builder);
  return host;
}

int main(void) {
  pthread_barrier_t barrier;
  CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
  struct side sides[2] = {{NULL, &barrier, "\"one\""},
                          {NULL, &barrier, "\"two\""}};
  pthread_t threads[2];
  for (int at = 0; at < 2; at++) {
    sides[at].host = host_of(&sides[at]);
    CHECK(pthread_create(&threads[at], NULL, run_side, &sides[at]) == 0);
  }
  for (int at = 0; at < 2; at++)
    CHECK(pthread_join(threads[at], NULL) == 0);

  for (int at = 0; at < 2; at++)
    CHECK(pthread_create(&threads[at], NULL, run_shared, sides[0].host) == 0);
  for (int at = 0; at < 2; at++)
    CHECK(pthread_join(threads[at], NULL) == 0);

  agencysh_host_free(sides[0].host);
  agencysh_host_free(sides[1].host);
  pthread_barrier_destroy(&barrier);
  return 0;
}
