// SPDX-License-Identifier: Apache-2.0
// An anonymous pipe with named ends, close-on-exec from birth.
#pragma once

#include "common/result.h"
#include "common/sys/unique_fd.h"

namespace chock::sys {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Both ends block; each end is its own open file description, so set_nonblocking on one leaves the
// other as it is.
[[nodiscard]] Result<Pipe> make_pipe();

[[nodiscard]] Result<void> set_nonblocking(int fd);

// How many bytes wait in the pipe or fifo `fd` (FIONREAD); 0 where the kernel does not say.
[[nodiscard]] size_t bytes_waiting(int fd);

// Doubles the capacity of the pipe or fifo `fd`, up to kPipeSizeMax. False when it is at the limit
// or the kernel refuses (the per-user page limits of pipe(7)).
bool grow_pipe(int fd);
inline constexpr int kPipeSizeMax = 1 << 20;

}  // namespace chock::sys
