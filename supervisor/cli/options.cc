// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cli/options.h"

#include <charconv>
#include <optional>

#include <CLI/CLI.hpp>

namespace chock::supervisor::cli {
namespace {

std::optional<int64_t> parse_integer(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

// The parser's own numbers saturate, and may be octal.
CLI::Option* add_number(CLI::App& app, const std::string& names, int64_t& value,
                        Options::Range range, const std::string& help) {
  const auto take = [&value](const std::string& text) { value = parse_integer(text).value_or(0); };
  const auto check = [range](const std::string& text) {
    const std::optional<int64_t> number = parse_integer(text);
    return number && *number >= range.least && *number <= range.most
               ? std::string()
               : "must be an integer from " + std::to_string(range.least) + " to " +
                     std::to_string(range.most);
  };
  return app.add_option_function<std::string>(names, take, help)->check(check);
}

}  // namespace

void Options::place(CLI::Option& option, const std::string& label) const {
  option.group(group_);
  if (!label.empty()) {
    option.type_name(label);
  }
}

void Options::flag(const std::string& names, bool& value, const std::string& help) {
  place(*app_->add_flag(names, value, help), {});
}

void Options::text(const std::string& names, std::string& value, const std::string& label,
                   const std::string& help) {
  // The last one wins, as where a shell's alias has given one already.
  place(*app_->add_option(names, value, help)->capture_default_str()->take_last(), label);
}

void Options::texts(const std::string& names, std::vector<std::string>& values,
                    const std::string& label, const std::string& help) {
  const auto add = [&values](const std::vector<std::string>& more) {
    values.insert(values.end(), more.begin(), more.end());
  };
  // One value an occurrence, or the words after it would be taken for more of them.
  CLI::Option* option = app_->add_option_function<std::vector<std::string>>(names, add, help);
  place(*option->allow_extra_args(false), label);
}

void Options::number(const std::string& names, int64_t& value, Range range,
                     const std::string& label, const std::string& help) {
  CLI::Option* option = add_number(*app_, names, value, range, help);
  // 0 stands for what is left as it is, and is no default to show.
  place(*option->default_str(value == 0 ? "" : std::to_string(value))->take_last(), label);
}

void Options::word(const std::string& label, std::string& value, const std::string& help) {
  app_->add_option(label, value, help)->type_name("");
}

void Options::number_word(const std::string& label, int64_t& value, Range range,
                          const std::string& help) {
  add_number(*app_, label, value, range, help)->type_name("");
}

void Options::rest(std::vector<std::string>& words) {
  app_->prefix_command();
  app_->callback([this_app = app_, &words] { words = this_app->remaining(); });
}

}  // namespace chock::supervisor::cli
