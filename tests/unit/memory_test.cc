// SPDX-License-Identifier: Apache-2.0
#include "common/sys/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tests/unit/support.h"

// A sanitizer brings an allocator of its own, which malloc_trim(3) knows nothing of.
#if defined(__SANITIZE_ADDRESS__)
#define CHOCK_FOREIGN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHOCK_FOREIGN_HEAP 1
#endif
#endif

namespace chock::sys {
namespace {

// Whether the page at `address` has memory behind it. One that is not mapped any more has none.
bool is_resident(uintptr_t address) {
  const auto page = static_cast<uintptr_t>(::getpagesize());
  unsigned char state = 0;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): of memory that is not ours any more
  const int result = ::mincore(reinterpret_cast<void*>(address / page * page), page, &state);
  EXPECT_TRUE(result == 0 || errno == ENOMEM);
  return result == 0 && (state & 1U) != 0;
}

// As a busy moment does. Returns an address in the middle of what was used.
[[gnu::noinline]] uintptr_t use_stack() {
  std::array<volatile char, 128UL * 1024> buffer;
  std::ranges::fill(buffer, 'x');
  const volatile char* middle = &buffer[buffer.size() / 2];
  return reinterpret_cast<uintptr_t>(middle);
}

TEST(memory, the_stack_that_is_not_in_use) {
  const uintptr_t used = use_stack();
  ASSERT_TRUE(is_resident(used));
  release_unused_memory();
  EXPECT_FALSE(is_resident(used));
  use_stack();
  EXPECT_TRUE(is_resident(used)) << "it comes back";
}

TEST(memory, what_is_in_use_stays) {
  std::array<char, 8192> here;
  here.fill('h');
  const std::string there(8192, 't');
  release_unused_memory();
  EXPECT_EQ(std::ranges::count(here, 'h'), 8192);
  EXPECT_EQ(there, std::string(8192, 't'));
}

#ifndef CHOCK_FOREIGN_HEAP
// Blocks that are in use lie above it, so that it is not given back anyway.
TEST(memory, the_heap_that_is_free) {
  constexpr size_t kBlocks = 256;
  constexpr size_t kSize = 4096;  // far below what would be a mapping of its own
  std::vector<std::string> blocks;
  blocks.reserve(kBlocks);  // nothing comes between them
  for (size_t i = 0; i < kBlocks; ++i) {
    blocks.emplace_back(kSize, 'x');
  }
  const std::string last(kSize, 'x');
  const auto freed = reinterpret_cast<uintptr_t>(blocks[kBlocks / 2].data());
  blocks.clear();
  ASSERT_TRUE(is_resident(freed));
  release_unused_memory();
  EXPECT_FALSE(is_resident(freed));
}
#endif

TEST(memory, a_buffer_costs_nothing_while_it_is_not_in_use) {
  LazyBuffer buffer;
  buffer.release();  // of nothing
  ASSERT_TRUE(buffer.reserve());
  char* const begin = buffer.data();
  std::fill_n(begin, LazyBuffer::size(), 'x');
  ASSERT_TRUE(buffer.reserve());  // again is fine, and forgets nothing
  EXPECT_EQ(buffer.data()[LazyBuffer::size() - 1], 'x');
  const auto middle = reinterpret_cast<uintptr_t>(begin + LazyBuffer::size() / 2);
  EXPECT_TRUE(is_resident(middle));
  buffer.release();
  EXPECT_FALSE(is_resident(middle));
  ASSERT_TRUE(buffer.reserve());
  buffer.data()[0] = 'y';
  EXPECT_EQ(buffer.data()[0], 'y');
}

}  // namespace
}  // namespace chock::sys
