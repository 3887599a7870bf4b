// SPDX-License-Identifier: Apache-2.0
// Two parsers, one after the other: of the global options up to the verb, and of what follows it.
// So only one verb's options are built, and no word after the verb can be taken for another verb.
#include "supervisor/cli/command_line.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "common/version.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"
#include "supervisor/launch_error.h"

namespace chock::supervisor::cli {
namespace {

constexpr std::string_view kProgram = "chock ";

// Our usage line names the words that follow the options; the parser's own does not know them all.
class HelpFormat : public CLI::Formatter {
 public:
  explicit HelpFormat(std::string words) : words_(std::move(words)) { column_width(34); }
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    const std::string help = CLI::Formatter::make_help(app, std::move(name), mode);
    return CLI::detail::find_and_replace(help, "\n\n\n", "\n\n");
  }
  std::string make_usage(const CLI::App* app, std::string /*name*/) const override {
    return "\nUsage: " + app->get_name() + " [OPTIONS] " + words_ + "\n";
  }

 private:
  std::string words_;
};

void declare_global_options(Options& options, GlobalOptions& values) {
  options.group("Global options");
  options.text("--state-dir", values.state_dir, "DIR",
               "State directory (/run/chock, or $XDG_RUNTIME_DIR/chock)");
  options.text("--runtime", values.runtime, "PROGRAM", "OCI runtime (runc, else crun)");
  options.texts("--runtime-arg", values.runtime_args, "ARG", "Global argument for the runtime");
  options.text("--shim", values.shim, "PROGRAM", "chock-shim");
  options.flag("--json", values.json, "Print JSON, one object");
}

// The options up to the verb, whose help is the list of verbs.
std::unique_ptr<CLI::App> make_root(GlobalOptions& globals) {
  auto app = std::make_unique<CLI::App>("Runs and supervises OCI containers", "chock");
  app->formatter(std::make_shared<HelpFormat>("VERB ..."));
  app->set_version_flag("--version", std::string("chock ") + kVersion);
  app->prefix_command();
  Options options(*app);
  declare_global_options(options, globals);
  size_t width = 0;
  for (const Verb* verb : verbs()) {
    width = std::max(width, verb->name.size());
  }
  std::string list = "Verbs:\n";
  for (const Verb* verb : verbs()) {
    list += "  " + std::string(verb->name) + std::string(width - verb->name.size() + 2, ' ') +
            std::string(verb->summary) + "\n";
  }
  app->footer(list + "\n`chock VERB --help` tells more.");
  return app;
}

std::string describe_extra(const std::string& word) {
  return (word.starts_with('-') ? "unknown option '" : "unexpected word '") + word + "'";
}

int refuse_words(const CLI::App& app, const std::string& reason) {
  const std::string verb = app.get_name().substr(std::min(kProgram.size(), app.get_name().size()));
  report_failure(verb + (verb.empty() ? "" : ": ") + reason);
  return kExitOwnFailure;
}

// An exit code if the parser has left nothing to do.
std::optional<int> parse(CLI::App& app, std::vector<std::string> words) {
  std::ranges::reverse(words);  // as the parser wants them
  try {
    app.parse(std::move(words));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::CallForVersion&) {
    return print(app.version() + "\n");
  } catch (const CLI::ExtrasError&) {
    return refuse_words(app, describe_extra(app.remaining().front()));
  } catch (const CLI::ParseError& error) {
    return refuse_words(app, error.what());
  }
}

// The verb that `words` begins with.
const Verb* find_verb(const std::vector<std::string>& words) {
  const std::string pair = words.size() > 1 ? words[0] + " " + words[1] : std::string();
  const auto found = std::ranges::find_if(
      verbs(), [&](const Verb* verb) { return verb->name == words.front() || verb->name == pair; });
  return found == verbs().end() ? nullptr : *found;
}

std::string list_of(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

// What is no verb: the first of `words`, or the first two where verbs have two.
int refuse_verb(const std::vector<std::string>& words) {
  std::string word = words.front();
  if (word.starts_with('-')) {
    report_failure(describe_extra(word));
    return kExitOwnFailure;
  }
  if (const std::vector<std::string_view> below = verbs_below(word); !below.empty()) {
    const std::string pair = words.size() > 1 ? word + " " + words[1] : std::string();
    if (nearest_verb(pair).empty()) {
      report_failure("'" + word + "' needs another word: " + list_of(below));
      return kExitOwnFailure;
    }
    word = pair;
  }
  const std::string_view nearest = nearest_verb(word);
  const std::string hint =
      nearest.empty() ? "see chock --help" : "did you mean '" + std::string(nearest) + "'?";
  report_failure("unknown verb '" + word + "'; " + hint);
  return kExitOwnFailure;
}

// The first of a verb's words, "ID [SIGNAL]", that it needs and that was not given; empty: none. An
// empty one was given. What the parser does not know, the command of `exec`, is for the verb
// itself.
std::string_view missing_word(const CLI::App& app, std::string_view words) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    const CLI::Option* option = app.get_option_no_throw(std::string(word));
    if (!word.starts_with('[') && option != nullptr && option->count() == 0) {
      return word;
    }
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return {};
}

int run_verb(const Verb& verb, GlobalOptions globals, std::vector<std::string> words) {
  const auto name_length = 1 + std::ranges::count(verb.name, ' ');
  words.erase(words.begin(), words.begin() + name_length);
  CLI::App app(std::string(verb.summary), std::string(kProgram) + std::string(verb.name));
  app.formatter(std::make_shared<HelpFormat>(std::string(verb.words)));
  app.footer("Example:\n  " + std::string(verb.example));
  Options options(app);
  const Action action = verb.declare(options);
  declare_global_options(options, globals);
  if (const std::optional<int> code = parse(app, std::move(words))) {
    return *code;
  }
  if (const std::string_view word = missing_word(app, verb.words); !word.empty()) {
    return refuse_words(app,
                        "no " + std::string(word) + " given; see " + app.get_name() + " --help");
  }
  return action(globals);
}

}  // namespace

int run_command_line(std::vector<std::string> words) {
  GlobalOptions globals;
  const std::unique_ptr<CLI::App> root = make_root(globals);
  if (const std::optional<int> code = parse(*root, std::move(words))) {
    return *code;
  }
  const std::vector<std::string> rest = root->remaining();
  if (rest.empty()) {
    report_failure("no verb given; see chock --help");
    return kExitOwnFailure;
  }
  const Verb* verb = find_verb(rest);
  return verb == nullptr ? refuse_verb(rest) : run_verb(*verb, std::move(globals), rest);
}

}  // namespace chock::supervisor::cli
