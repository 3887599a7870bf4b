// SPDX-License-Identifier: Apache-2.0
// ExitStatus says how a process ended; the one place that knows the kernel's wait status encoding
// and computes 128 + n.
#pragma once

#include <cstdint>

namespace chock::sys {

class ExitStatus {
 public:
  // What the contract reports where nobody knows (containerd 0.2: exitStatus 255).
  static constexpr uint32_t kUnknownNumber = 255;

  // As wait4(2) and PIDFD_GET_INFO hand it out.
  [[nodiscard]] static ExitStatus from_wait(int wait_status);
  [[nodiscard]] static ExitStatus unknown() { return {}; }

  [[nodiscard]] bool known() const { return kind_ != Kind::Unknown; }
  [[nodiscard]] bool exited() const { return kind_ == Kind::Exited; }
  [[nodiscard]] bool signalled() const { return kind_ == Kind::Signalled; }
  [[nodiscard]] bool success() const { return exited() && value_ == 0; }
  [[nodiscard]] int code() const { return value_; }    // meaningful if exited()
  [[nodiscard]] int signal() const { return value_; }  // meaningful if signalled()
  [[nodiscard]] bool dumped_core() const { return core_; }

  // The number of the exitStatus file and of a shell's $?: the code, 128 + signal, or 255.
  [[nodiscard]] uint32_t number() const;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  enum class Kind { Unknown, Exited, Signalled };
  Kind kind_ = Kind::Unknown;
  int value_ = 0;
  bool core_ = false;
};

}  // namespace chock::sys
