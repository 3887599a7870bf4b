// SPDX-License-Identifier: Apache-2.0
// zeros BYTES: writes that many, 64 KiB at a time, and then waits for a signal, so that whoever
// carries them can be looked at before the end of its life.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

int main(int argc, char** argv) {
  static std::array<char, 65536> block;
  long long left = argc == 2 ? std::atoll(argv[1]) : 0;
  while (left > 0) {
    const ssize_t written =
        ::write(STDOUT_FILENO, block.data(), std::min(block.size(), static_cast<size_t>(left)));
    if (written < 0) {
      return 1;
    }
    left -= written;
  }
  ::pause();
  return 0;
}
