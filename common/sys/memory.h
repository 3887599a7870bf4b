// SPDX-License-Identifier: Apache-2.0
// What a process that sleeps for months does about the memory of its busy first moment.
#pragma once

#include <cstddef>

namespace chock::sys {

// Gives the pages of the free heap, and of the stack below the caller, back to the kernel.
void release_unused_memory();

// Some memory that costs nothing while it is not in use.
class LazyBuffer {
 public:
  LazyBuffer() = default;
  LazyBuffer(const LazyBuffer&) = delete;
  LazyBuffer& operator=(const LazyBuffer&) = delete;
  LazyBuffer(LazyBuffer&&) = delete;
  LazyBuffer& operator=(LazyBuffer&&) = delete;
  ~LazyBuffer();

  // False if there is none to be had. Costs nothing once there is.
  [[nodiscard]] bool reserve();
  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] static constexpr size_t size() { return 64UL * 1024; }
  // Forgets the content.
  void release();

 private:
  char* data_ = nullptr;
};

}  // namespace chock::sys
