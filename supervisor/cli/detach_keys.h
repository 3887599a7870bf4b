// SPDX-License-Identifier: Apache-2.0
// DetachKeys looks, among the keys on their way to a process, for those that leave it alone.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace chock::supervisor::cli {

class DetachKeys {
 public:
  // Keys separated by commas, as podman's --detach-keys has them: a character, or ctrl-X with X
  // among a-z @ [ \ ] ^ _. An empty text: no keys detach.
  [[nodiscard]] static Result<DetachKeys> parse(std::string_view text);

  struct Scan {
    std::string keys;  // to pass on, in order
    bool detached = false;
  };
  // What becomes of `typed`. Keys that may be the beginning of the sequence are held back until the
  // next one tells. What follows the sequence is dropped.
  [[nodiscard]] Scan scan(std::string_view typed);

 private:
  explicit DetachKeys(std::string sequence) : sequence_(std::move(sequence)) {}

  std::string sequence_;
  std::string held_;  // typed and not passed on: always a proper prefix of the sequence
};

}  // namespace chock::supervisor::cli
