// SPDX-License-Identifier: Apache-2.0
// What a process that sleeps for months does about the memory of its busy first moment.
#pragma once

namespace chock::sys {

// Gives the pages of the free heap, and of the stack below the caller, back to the kernel.
void release_unused_memory();

}  // namespace chock::sys
