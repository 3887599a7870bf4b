// SPDX-License-Identifier: Apache-2.0
#include "common/sys/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace chock::sys {
namespace {

// Whatever lies below the frames that are in use; it comes back as zeroes when a deeper call needs
// it. Not inlined, so that the frame is this small one. What of the range is not mapped is left out
// by the kernel, which says so (ENOMEM, madvise(2)) once the rest is done.
[[gnu::noinline]] void release_unused_stack() {
  constexpr uintptr_t kInUse = 1024;  // here and in madvise() itself, with much to spare
  constexpr uintptr_t kDeepest = 256UL * 1024;
  const auto page = static_cast<uintptr_t>(::getpagesize());
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const uintptr_t end = (here - kInUse) / page * page;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): rounded to a page, it is no pointer into anything
  static_cast<void>(::madvise(reinterpret_cast<void*>(end - kDeepest), kDeepest, MADV_DONTNEED));
}

}  // namespace

void release_unused_memory() {
  ::malloc_trim(0);
  release_unused_stack();
}

LazyBuffer::~LazyBuffer() {
  if (data_ != nullptr) {
    ::munmap(data_, size());
  }
}

bool LazyBuffer::reserve() {
  if (data_ == nullptr) {
    void* memory =
        ::mmap(nullptr, size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
  }
  return data_ != nullptr;
}

void LazyBuffer::release() {
  if (data_ != nullptr) {
    static_cast<void>(::madvise(data_, size(), MADV_DONTNEED));
  }
}

}  // namespace chock::sys
