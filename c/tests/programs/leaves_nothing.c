/* Hosts leave no thread and no open file behind. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <time.h>

#include "check.h"

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

int main(void) {
  const char *settings = "{\"embedded\": 1, \"deadline\": 120}";
  const char *code = "let a = agency::current(); a.set(\"x\", 41); "
                     "a.increment(\"x\"); a.get(\"x\")";
  /* what is made once in a process, whatever the number of hosts, is there then */
  use(settings, code, "42");
  int files = entries("/proc/self/fd"), threads = entries("/proc/self/task");
  for (int round = 0; round < 2; round++)
    use(settings, code, "42");
  for (int round = 0; round < 20; round++)
    use(NULL, "fs::join(\"a\", \"b\")", "\"a/b\"");
  CHECK(come_down_to("/proc/self/task", threads));
  CHECK(come_down_to("/proc/self/fd", files));
  CHECK(entries("/proc/self/task") == 2 + 1);
  return 0;
}
