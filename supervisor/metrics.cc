// SPDX-License-Identifier: Apache-2.0
#include "supervisor/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/state/layout.h"
#include "common/sys/open_files.h"
#include "common/sys/proc.h"
#include "common/sys/state_dir.h"

namespace chock::supervisor {
namespace {

constexpr size_t kProcFileLimit = 4096;

std::string number(uint64_t value) { return std::to_string(value); }

// The shortest text that is this number; no locale has a say in it.
std::string number(double value) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

template <class Duration>
double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double in_seconds(const timeval& time) {
  constexpr double kMicro = 1e-6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * kMicro;
}

enum class Type { Counter, Gauge, Histogram };

// The exposition format, a line at a time.
class Text {
 public:
  void begin(std::string_view name, Type type, std::string_view help) {
    constexpr std::array kTypes{"counter", "gauge", "histogram"};
    name_ = name;
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
             kTypes.at(static_cast<size_t>(type)) + "\n";
  }
  // Of what was begun last. `labels`: `kind="exec"`.
  template <class Number>
  void add(std::string_view suffix, std::string_view labels, Number value) {
    text_ += name_ + std::string(suffix);
    text_ += labels.empty() ? "" : "{" + std::string(labels) + "}";
    text_ += " " + number(value) + "\n";
  }
  template <class Number>
  void single(std::string_view name, Type type, std::string_view help, Number value) {
    begin(name, type, help);
    add("", "", value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

constexpr const char* kContainer = "kind=\"container\"";
constexpr const char* kExec = "kind=\"exec\"";

// Of what was begun last. `label` may be empty.
void add_buckets(Text& text, const std::string& label, const Metrics::Durations& durations) {
  const std::string before = label.empty() ? "" : label + ",";
  uint64_t within = 0;
  for (size_t i = 0; i < Metrics::kBuckets.size(); ++i) {
    within += durations.in_bucket.at(i);
    text.add("_bucket", before + "le=\"" + number(Metrics::kBuckets.at(i)) + "\"", within);
  }
  text.add("_bucket", before + "le=\"+Inf\"", durations.count);
  text.add("_sum", label, in_seconds(durations.total));
  text.add("_count", label, durations.count);
}

void add_load(Text& text, const Supervisor::Load& load) {
  text.single("chock_containers", Type::Gauge, "Containers that are looked after.",
              uint64_t{load.containers});
  text.single("chock_execs", Type::Gauge, "Execs that are looked after.", uint64_t{load.execs});
  text.begin("chock_starts_waiting", Type::Gauge, "Starts that wait for others to be through.");
  text.add("", kContainer, uint64_t{load.waiting_containers});
  text.add("", kExec, uint64_t{load.waiting_execs});
}

void add_lives(Text& text, const Metrics::Counts& containers, const Metrics::Counts& execs) {
  const auto with = [](const char* kind, const char* result) {
    return std::string(kind) + ",result=\"" + result + "\"";
  };
  text.begin("chock_starts_total", Type::Counter, "Starts that were answered.");
  text.add("", with(kContainer, "started"), containers.starts.count);
  text.add("", with(kContainer, "failed"), containers.failed);
  text.add("", with(kExec, "started"), execs.starts.count);
  text.add("", with(kExec, "failed"), execs.failed);
  text.begin("chock_start_duration_seconds", Type::Histogram,
             "From the request to the answer, of starts that succeeded.");
  add_buckets(text, kContainer, containers.starts);
  add_buckets(text, kExec, execs.starts);
  text.begin("chock_exits_total", Type::Counter, "Ends of containers and of execs.");
  text.add("", kContainer, containers.exits);
  text.add("", kExec, execs.exits);
  text.begin("chock_exit_duration_seconds", Type::Histogram,
             "From the end of the shim to the event.");
  add_buckets(text, kContainer, containers.ends);
  add_buckets(text, kExec, execs.ends);
}

// The second field of /proc/self/statm, in pages (proc(5)).
uint64_t resident_bytes() {
  const Result<sys::StateDir> dir = sys::StateDir::open("/proc/self");
  const auto text = dir ? dir->read_file("statm", kProcFileLimit) : std::optional<std::string>();
  if (!text || !*text) {
    return 0;
  }
  std::string_view fields = **text;
  fields.remove_prefix(std::min(fields.find(' ') + 1, fields.size()));
  const std::optional<uint64_t> pages = sys::parse_number(fields.substr(0, fields.find(' ')));
  return pages.value_or(0) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void add_process(Text& text, std::chrono::system_clock::time_point since) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  text.single("process_cpu_seconds_total", Type::Counter, "User and system CPU time.",
              in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime));
  text.single("process_resident_memory_bytes", Type::Gauge, "Resident memory.", resident_bytes());
  text.single("process_open_fds", Type::Gauge, "Open file descriptors.",
              uint64_t{sys::count_open_files()});
  text.single("process_max_fds", Type::Gauge, "Most open file descriptors.",
              uint64_t{sys::open_file_limit()});
  text.single("process_start_time_seconds", Type::Gauge, "When the server began, Unix time.",
              in_seconds(since.time_since_epoch()));
}

}  // namespace

void Metrics::count(const state::EventRecord& event) {
  if (event.type == state::EventRecord::Type::Oom) {
    ++ooms_;
  } else if (event.type == state::EventRecord::Type::Exit) {
    ++(event.process == state::layout::kInit ? containers_ : execs_).exits;
  }
}

void Metrics::Durations::add(std::chrono::nanoseconds took) {
  ++count;
  total += took;
  const auto* const bucket = std::ranges::lower_bound(kBuckets, in_seconds(took));
  if (bucket != kBuckets.end()) {
    ++in_bucket.at(static_cast<size_t>(bucket - kBuckets.begin()));
  }
}

void Metrics::count(const StartOutcome& outcome) {
  Counts& counts = outcome.kind == StartOutcome::Kind::Container ? containers_ : execs_;
  if (!outcome.started) {
    ++counts.failed;
    return;
  }
  counts.starts.add(outcome.took);
}

void Metrics::count(const Measurement& measurement) {
  switch (measurement.of) {
    case Measurement::Of::ContainerExit:
      containers_.ends.add(measurement.took);
      break;
    case Measurement::Of::ExecExit:
      execs_.ends.add(measurement.took);
      break;
    case Measurement::Of::Delete:
      deletes_.add(measurement.took);
      break;
    case Measurement::Of::Stats:
      stats_.add(measurement.took);
      break;
  }
}

std::string Metrics::format(const Present& present) const {
  Text text;
  add_load(text, present.load);
  add_lives(text, containers_, execs_);
  text.begin("chock_delete_duration_seconds", Type::Histogram,
             "Of the runtime's delete, after the end of a container.");
  add_buckets(text, "", deletes_);
  text.begin("chock_stats_duration_seconds", Type::Histogram,
             "From the request to the answer, of readings that succeeded.");
  add_buckets(text, "", stats_);
  text.single("chock_ooms_total", Type::Counter, "Containers' processes killed for lack of memory.",
              ooms_);
  text.single("chock_event_subscribers", Type::Gauge, "Subscriptions to events.",
              uint64_t{present.event_subscribers});
  add_process(text, since_);
  return text.take();
}

}  // namespace chock::supervisor
