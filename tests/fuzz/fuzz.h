// SPDX-License-Identifier: Apache-2.0
// What every fuzz target needs: the entry point that libFuzzer calls, and a check that stops it.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace chock::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// libFuzzer keeps the input of a program that aborts.
inline void check(bool holds, const char* promise) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
  }
}

// Writing what was read loses nothing more: reading and writing it again changes no byte. Nothing
// to check if `text` cannot be read.
template <class Parse, class Format>
void check_stable(std::string_view text, Parse parse, Format format) {
  const auto first = parse(text);
  if (!first) {
    return;
  }
  const auto written = format(*first);
  const auto second = parse(written);
  check(second.has_value(), "what was written can be read");
  check(format(*second) == written, "writing is stable");
}

}  // namespace chock::fuzz
