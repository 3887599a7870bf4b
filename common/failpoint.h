// SPDX-License-Identifier: Apache-2.0
// Named steps at which a test can kill or stop the program. Only test programs are compiled with
// CHOCK_FAILPOINTS (tests/support/CMakeLists.txt); in everything that is installed a step is
// nothing at all.
#pragma once

#ifdef CHOCK_FAILPOINTS

namespace chock {

// Defined by the test program.
void reach_failpoint(const char* step);

}  // namespace chock

#define CHOCK_FAILPOINT(step) ::chock::reach_failpoint(step)

#else

#define CHOCK_FAILPOINT(step) static_cast<void>(0)

#endif
