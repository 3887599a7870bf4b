// SPDX-License-Identifier: Apache-2.0
#include "supervisor/containerd/flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "supervisor/containerd/duration.h"

namespace chock::supervisor::containerd {
namespace {

using Target = std::variant<bool Flags::*, std::string Flags::*, std::vector<std::string> Flags::*,
                            std::chrono::nanoseconds Flags::*, int64_t Flags::*>;

struct Flag {
  std::string_view name;
  std::string_view short_name;  // empty: none
  Target target;
  std::string_view help;
};

const std::array kFlags{
    Flag{"debug", "", &Flags::debug, "debug output in the log"},
    Flag{"log-level", "", &Flags::log_level, "debug, info, warn, error, fatal or panic"},
    Flag{"state-dir", "", &Flags::state_dir, "state directory (/run/containerd)"},
    Flag{"metrics-interval", "", &Flags::metrics_interval, "without effect; see --metrics-address"},
    Flag{"metrics-address", "", &Flags::metrics_address,
         "Prometheus metrics at unix://PATH or HOST:PORT of this machine"},
    Flag{"listen", "l", &Flags::listen,
         "proto://address for the API: unix, tcp or fd (unix:///run/containerd/containerd.sock)"},
    Flag{"runtime", "r", &Flags::runtime, "name or path of the OCI runtime (runc)"},
    Flag{"runtime-args", "", &Flags::runtime_args, "one argument for the runtime; repeatable"},
    Flag{"shim", "", &Flags::shim, "name or path of the shim (chock-shim)"},
    Flag{"pprof-address", "", &Flags::pprof_address, "without effect"},
    Flag{"start-timeout", "", &Flags::start_timeout, "for a container to come into being (30s)"},
    Flag{"retain-count", "", &Flags::retain_count, "past events to keep; 0: all (500)"},
    Flag{"graphite-address", "", &Flags::graphite_address, "without effect; see --metrics-address"},
    Flag{"help", "h", &Flags::help, "show this"},
    Flag{"version", "v", &Flags::version, "print the version"},
};

const Flag* find_flag(std::string_view name) {
  const auto* const found = std::ranges::find_if(kFlags, [name](const Flag& flag) {
    return flag.name == name || (!flag.short_name.empty() && flag.short_name == name);
  });
  return found == kFlags.end() ? nullptr : found;
}

Result<bool> parse_bool(std::string_view name, std::string_view text) {
  constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) {
    return true;
  }
  if (std::ranges::find(kFalse, text) != kFalse.end()) {
    return false;
  }
  return input_error(
      "", "", "invalid boolean value \"" + std::string(text) + "\" for -" + std::string(name));
}

bool is_digit_or_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The digits without the underscores between them, each of which has one digit on either side;
// nothing if one has not.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && is_digit_or_letter(text[i - 1]) &&
                         is_digit_or_letter(text[i + 1]);
    if (text[i] == '_' && !between) {
      return std::nullopt;
    }
    if (text[i] != '_') {
      digits += text[i];
    }
  }
  return digits;
}

// The base that the digits' prefix tells, which is taken off them: 0x, 0o, 0b, or 0 alone.
int take_base(std::string& digits) {
  if (digits.size() < 2 || digits.front() != '0') {
    return 10;
  }
  constexpr std::array kPrefixes{std::pair{'x', 16}, std::pair{'o', 8}, std::pair{'b', 2}};
  for (const auto& [letter, base] : kPrefixes) {
    if (digits.size() > 2 && (digits[1] | 0x20) == letter) {
      digits.erase(0, 2);
      return base;
    }
  }
  digits.erase(0, 1);
  return 8;
}

// As Go's strconv.ParseInt does with base 0: a sign, a prefix for the base, underscores.
std::optional<int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::optional<std::string> digits = without_underscores(text);
  if (!digits) {
    return std::nullopt;
  }
  const int base = take_base(*digits);
  uint64_t number = 0;  // not signed: that would let a second sign pass
  const char* const last = digits->data() + digits->size();
  const auto [end, failure] = std::from_chars(digits->data(), last, number, base);
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (failure != std::errc() || end != last || number > kMost + (negative ? 1U : 0U)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(negative ? 0 - number : number);
}

// Writes a value where the flag's type wants it.
class Setter {
 public:
  Setter(Flags& flags, std::string_view name, std::string_view text)
      : flags_(flags), name_(name), text_(text) {}

  Result<void> operator()(bool Flags::* target) const {
    flags_.*target = TRY(parse_bool(name_, text_));
    return {};
  }
  Result<void> operator()(std::string Flags::* target) const {
    flags_.*target = text_;
    return {};
  }
  Result<void> operator()(std::vector<std::string> Flags::* target) const {
    (flags_.*target).emplace_back(text_);
    return {};
  }
  Result<void> operator()(std::chrono::nanoseconds Flags::* target) const {
    const std::optional<std::chrono::nanoseconds> duration = parse_duration(text_);
    if (!duration) {
      return refuse();
    }
    flags_.*target = *duration;
    return {};
  }
  Result<void> operator()(int64_t Flags::* target) const {
    const std::optional<int64_t> number = parse_integer(text_);
    if (!number) {
      return refuse();
    }
    flags_.*target = *number;
    return {};
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse() const {
    return input_error(
        "", "", "invalid value \"" + std::string(text_) + "\" for flag -" + std::string(name_));
  }

  Flags& flags_;
  std::string_view name_;
  std::string_view text_;
};

// One flag without its dashes, and what follows it: how many words it took.
Result<size_t> parse_flag(Flags& flags, std::string_view word, const std::string* next) {
  const size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const Flag* flag = find_flag(name);
  if (flag == nullptr) {
    return input_error("", "", "flag provided but not defined: -" + std::string(name));
  }
  flags.given.emplace_back(flag->name);
  size_t taken = 1;
  std::string_view value = "true";
  if (equals != std::string_view::npos) {
    value = word.substr(equals + 1);
  } else if (!std::holds_alternative<bool Flags::*>(flag->target)) {
    if (next == nullptr) {
      return input_error("", "", "flag needs an argument: -" + std::string(name));
    }
    value = *next;
    taken = 2;
  }
  TRY(std::visit(Setter(flags, name, value), flag->target));
  return taken;
}

// Without its dashes; empty if it is no flag.
Result<std::string_view> strip_dashes(std::string_view word) {
  if (!word.starts_with('-') || word == "-") {
    return std::string_view();
  }
  std::string_view name = word.substr(word.starts_with("--") ? 2 : 1);
  if (name.empty() || name.front() == '-' || name.front() == '=') {
    return input_error("", "", "bad flag syntax: " + std::string(word));
  }
  return name;
}

}  // namespace

Result<Flags> parse_flags(const std::vector<std::string>& words) {
  Flags flags;
  size_t i = 0;
  while (i < words.size() && words[i] != "--") {
    const std::string_view word = TRY(strip_dashes(words[i]));
    if (word.empty()) {
      break;
    }
    i += TRY(parse_flag(flags, word, i + 1 < words.size() ? &words[i + 1] : nullptr));
  }
  i += i < words.size() && words[i] == "--" ? 1 : 0;
  if (i < words.size() && (words[i] == "help" || words[i] == "h")) {
    flags.help = true;
  } else if (i < words.size()) {
    return input_error("", "", "unexpected word \"" + words[i] + "\"");
  }
  return flags;
}

std::string help_text() {
  constexpr size_t kColumn = 26;
  std::string text =
      "chock-containerd: containerd 0.2's API for chock\n\n"
      "Usage: chock-containerd [FLAGS]\n\nFlags:\n";
  for (const Flag& flag : kFlags) {
    std::string line = "  --" + std::string(flag.name);
    line += flag.short_name.empty() ? "" : ", -" + std::string(flag.short_name);
    line.resize(std::max(line.size() + 1, kColumn), ' ');
    text += line + std::string(flag.help) + "\n";
  }
  return text;
}

}  // namespace chock::supervisor::containerd
