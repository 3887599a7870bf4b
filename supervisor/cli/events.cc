// SPDX-License-Identifier: Apache-2.0
// `chock events`: what has happened, and with --follow what happens.
#include <errno.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/state/event_record.h"
#include "common/state/id.h"
#include "common/state/layout.h"
#include "common/state/timestamp.h"
#include "supervisor/cli/backend.h"
#include "supervisor/cli/loop.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/since.h"
#include "supervisor/cli/table.h"
#include "supervisor/cli/verbs.h"
#include "supervisor/co_try.h"

namespace chock::supervisor::cli {
namespace {

using state::EventRecord;
using state::Json;

constexpr size_t kLogLimit = 1UL << 30U;

struct EventsOptions {
  std::string id;
  std::string since_text;
  std::optional<timespec> since;
  bool follow = false;
};

// A line for each event. With --follow it is written as it comes, and columns become wider when
// they have to; otherwise all lines are made at the end, for what is in them.
class Printer {
 public:
  Printer(bool json, bool follow) : json_(json), follow_(follow) {}

  // An exit code that ends it all, or 0.
  [[nodiscard]] int print_event(const EventRecord& record) {
    if (json_) {
      return print(state::format_event_record(record));
    }
    id_width_ = std::max(id_width_, record.id.size());
    process_width_ = std::max(process_width_, record.process.size());
    events_.push_back(record);
    return follow_ ? print_rest() : 0;
  }
  [[nodiscard]] int print_gap(uint64_t first, uint64_t last) {
    if (json_) {
      return print(state::format_json({{"gap", {{"first", first}, {"last", last}}}}) + "\n");
    }
    if (const int code = print_rest(); code != 0) {
      return code;
    }
    return print("events " + std::to_string(first) + " to " + std::to_string(last) +
                 " are forgotten\n");
  }
  [[nodiscard]] int print_rest() {
    if (events_.empty()) {
      return 0;
    }
    Table table({{.title = "TIME", .width = 30},
                 {.title = "TYPE", .width = 15},
                 {.title = "ID", .width = id_width_},
                 {.title = "PROCESS", .width = process_width_},
                 {.title = "STATUS"}});
    for (const EventRecord& record : std::exchange(events_, {})) {
      const bool exit = record.type == EventRecord::Type::Exit;
      table.add_row({{state::format_timestamp(record.timestamp)},
                     {state::name_of(record.type)},
                     {record.id},
                     {record.process},
                     {exit ? std::to_string(record.status) : ""}});
    }
    const auto titles = std::exchange(first_, false) ? Table::Titles::Shown : Table::Titles::Hidden;
    return print(table.format(colours_of_stdout(), titles));
  }

 private:
  bool json_;
  bool follow_;
  bool first_ = true;
  std::vector<EventRecord> events_;  // not written yet
  size_t id_width_ = 12;
  size_t process_width_ = 8;
};

bool is_later(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec > right.tv_sec : left.tv_nsec > right.tv_nsec;
}

int print_log(const EventsOptions& options, const sys::StateDir& root, Printer& printer) {
  const Result<std::optional<std::string>> text =
      root.read_file(state::layout::kEventLog, kLogLimit);
  if (!text) {
    return refuse(text.error());
  }
  for (const EventRecord& record : state::parse_event_lines(text->value_or("")).records) {
    const bool wanted = (options.id.empty() || record.id == options.id) &&
                        (!options.since || is_later(record.timestamp, *options.since));
    if (const int code = wanted ? printer.print_event(record) : 0; code != 0) {
      return code;
    }
  }
  return printer.print_rest();
}

Json subscription_of(const EventsOptions& options) {
  Json params = Json::object();
  if (!options.id.empty()) {
    params["id"] = options.id;
  }
  if (options.since) {
    params["since"] = state::format_timestamp(*options.since);
  } else if (!options.follow) {
    params["after"] = 0;
  }
  if (!options.follow) {
    params["follow"] = false;
  }
  return params;
}

int print_incoming(const rpc::Incoming& incoming, Printer& printer) {
  state::JsonReader reader(incoming.content, "event");
  if (incoming.method == "gap") {
    const auto first = reader.integer<uint64_t>("first");
    return printer.print_gap(first, reader.integer<uint64_t>("last"));
  }
  const Json* event = reader.find("event");
  const Result<EventRecord> record = state::event_record_from(event == nullptr ? Json() : *event);
  return record ? printer.print_event(*record) : refuse(record.error());
}

Awaitable<int> print_subscription(rpc::Client& client, const EventsOptions& options,
                                  Printer& printer) {
  const Result<Json> answer = co_await client.call("events", subscription_of(options));
  if (!answer) {
    co_return refuse(answer.error());
  }
  while (true) {
    const Result<rpc::Incoming> incoming = co_await client.next();
    if (!incoming) {
      static_cast<void>(printer.print_rest());
      co_return refuse(incoming.error());
    }
    if (incoming->method == "end") {
      co_return printer.print_rest();
    }
    if (const int code = print_incoming(*incoming, printer); code != 0) {
      co_return code;
    }
  }
}

Awaitable<int> print_events(asio::any_io_executor executor, const GlobalOptions& globals,
                            const EventsOptions& options) {
  Printer printer(globals.json, options.follow);
  const Result<sys::StateDir> root = open_root(globals, Launches::Nothing);
  if (!root && (root.error().code != ENOENT || options.follow)) {
    co_return refuse(root.error());
  }
  if (!root) {
    co_return 0;  // nothing has happened yet
  }
  Result<std::optional<rpc::Client>> client = rpc::Client::connect(executor, *root);
  if (!client) {
    co_return refuse(client.error());
  }
  if (*client) {
    co_return co_await print_subscription(**client, options, printer);
  }
  if (options.follow) {
    co_return refuse({.operation = "events",
                      .object = root->path(),
                      .detail = "--follow needs a server: chock serve"});
  }
  co_return print_log(options, *root, printer);
}

Result<void> check(EventsOptions& options) {
  if (!options.id.empty()) {
    TRY(state::check_id(options.id, "container id"));
  }
  if (!options.since_text.empty()) {
    options.since = TRY(parse_since(options.since_text, state::wall_clock()));
  }
  return {};
}

int events(EventsOptions& options, const GlobalOptions& globals) {
  if (const Result<void> checked = check(options); !checked) {
    return refuse(checked.error());
  }
  return run_loop([&](const asio::any_io_executor& executor) {
    return print_events(executor, globals, options);
  });
}

Action declare_events(Options& options) {
  const auto values = std::make_shared<EventsOptions>();
  options.text("--since", values->since_text, "TIME",
               "Only what is later: an RFC 3339 time, or an age like 1h30m");
  options.flag("-f,--follow", values->follow, "Go on with what happens; alone: only that");
  options.text("--id", values->id, "ID", "Of this container only");
  return [values](const GlobalOptions& globals) { return events(*values, globals); };
}

}  // namespace

const Verb kEvents{.name = "events",
                   .words = "",
                   .summary = "Tell what has happened to containers",
                   .example = "chock events --follow --id web1",
                   .declare = declare_events};

}  // namespace chock::supervisor::cli
