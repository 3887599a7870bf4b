// SPDX-License-Identifier: Apache-2.0
// Options declares what a verb's command line may hold. The parser behind it is known to
// options.cc and command_line.cc alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
class Option;
}  // namespace CLI

namespace chock::supervisor::cli {

inline constexpr int64_t kLongestTimeout = 86400;  // seconds: a day

// What is declared is written to variables, which must outlive the parsing. `names` is
// "-b,--bundle" or "--label"; `label` is what stands for the value in the help.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(&app) {}

  // Options declared from here on are listed under `title`.
  void group(std::string title) { group_ = std::move(title); }

  // "--rm" and "--rm=false" both work.
  void flag(const std::string& names, bool& value, const std::string& help);
  void text(const std::string& names, std::string& value, const std::string& label,
            const std::string& help);
  // Repeatable; adds to `values`.
  void texts(const std::string& names, std::vector<std::string>& values, const std::string& label,
             const std::string& help);
  // A decimal number.
  struct Range {
    int64_t least;
    int64_t most;
  };
  void number(const std::string& names, int64_t& value, Range range, const std::string& label,
              const std::string& help);

  // Words that are no options, in the order of declaration. None is required by the parser, which
  // would complain of a missing word where the mistake is an unknown option before it: those of
  // Verb::words without brackets are looked for afterwards.
  void word(const std::string& label, std::string& value, const std::string& help);
  void number_word(const std::string& label, int64_t& value, Range range, const std::string& help);
  // All that follows those, whatever it looks like: a command line of its own.
  void rest(std::vector<std::string>& words);

 private:
  void place(CLI::Option& option, const std::string& label) const;

  CLI::App* app_;
  std::string group_ = "Options";
};

}  // namespace chock::supervisor::cli
