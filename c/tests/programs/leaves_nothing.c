/* Hosts leave no thread and no open file behind, and touch no signal handler. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <signal.h>
#include <time.h>

#include "check.h"

/* The entries ".", ".." and the thread of main(). */
enum { ALONE = 3 };

/* How many entries a folder has; that of the open files has one more while it is read. */
static int entries(const char *path) {
  int count = 0;
  DIR *folder = opendir(path);
  CHECK(folder != NULL);
  while (readdir(folder) != NULL)
    count++;
  closedir(folder);
  return count;
}

/* Waits until there are no more entries than this; at most half a minute. */
static int come_down_to(const char *path, int most) {
  const struct timespec pause = {0, 10 * 1000 * 1000};
  for (int tries = 0; tries < 3000; tries++) {
    if (entries(path) <= most)
      return 1;
    nanosleep(&pause, NULL);
  }
  fprintf(stderr, "%s: %d entries, not %d\n", path, entries(path), most);
  return 0;
}

static void use(const char *settings, const char *code, const char *wanted) {
  agencysh_error *error;
  agencysh_host *host = agencysh_host_new(settings, &error);
  CHECK(host != NULL && error == NULL);
  CHECK_VALUE(agencysh_eval(host, code, &error), wanted, error);
  agencysh_host_free(host);
}

/* Notes who handles each signal, or checks that it is still the same. */
static void handlers(void (*known[])(int), int check) {
  for (int number = 1; number < 32; number++) {
    struct sigaction action;
    CHECK(sigaction(number, NULL, &action) == 0);
    CHECK(!check || known[number] == action.sa_handler);
    known[number] = action.sa_handler;
  }
}

int main(void) {
  void (*known[32])(int);
  const char *threads = "/proc/self/task";
  handlers(known, 0);
  const char *settings = "{\"embedded\": 1, \"deadline\": 120}";
  const char *code = "let a = agency::current(); a.set(\"x\", 41); "
                     "a.increment(\"x\"); a.get(\"x\")";
  /* what is made once in a process, whatever the number of hosts, is there then */
  use(settings, code, "42");
  CHECK(come_down_to(threads, ALONE));
  int files = entries("/proc/self/fd");
  use(settings, code, "42");
  for (int round = 0; round < 5; round++)
    use(NULL, "fs::join(\"a\", \"b\")", "\"a/b\"");
  CHECK(come_down_to(threads, ALONE));
  CHECK(come_down_to("/proc/self/fd", files));
  handlers(known, 1);
  return 0;
}
