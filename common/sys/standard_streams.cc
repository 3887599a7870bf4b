// SPDX-License-Identifier: Apache-2.0
#include "common/sys/standard_streams.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <initializer_list>

namespace chock::sys {

void open_missing_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is taken (open(2)). For reading even where output is expected. Meant
    // to be inherited: it stands for what a caller should have given us.
    const bool missing = ::fcntl(fd, F_GETFD) < 0;
    if (missing && ::open("/dev/null", O_RDONLY) != fd) {  // NOLINT(android-cloexec-open)
      ::abort();  // whatever we did next might destroy somebody's file
    }
  }
}

}  // namespace chock::sys
