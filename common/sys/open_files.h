// SPDX-License-Identifier: Apache-2.0
// How many descriptors this process may have. A server of a thousand containers needs more than the
// usual 1024; its children get what it was given itself, because that is what programs with
// select(2) in a container can take.
#pragma once

#include <cstddef>

namespace chock::sys {

// Raises the soft limit to the hard one. That failing, we live with what there is.
void raise_open_file_limit();

// How many there may be now, and how many there are.
[[nodiscard]] size_t open_file_limit();
[[nodiscard]] size_t count_open_files();

// Whether something may be begun that will keep descriptors: it has to leave enough for all that
// comes to its end, which needs some for a while. A quarter of them at most, so that few are used
// well.
[[nodiscard]] bool has_open_files_to_spare();

// Takes that back, in a child before execve(2). Only async-signal-safe calls.
void restore_open_file_limit();

}  // namespace chock::sys
