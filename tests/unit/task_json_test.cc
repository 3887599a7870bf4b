// SPDX-License-Identifier: Apache-2.0
#include "supervisor/task_json.h"

#include <errno.h>

#include <gtest/gtest.h>

#include "supervisor/request_reader.h"
#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

using state::Json;

Json json_of(const std::string& text) { return test::must(state::parse_json(text, "test")); }

// What a request says after it was read and written again.
template <class Request>
std::string again(const std::string& text) {
  const Result<Request> request = parse_request<Request>(json_of(text));
  return request ? state::format_json(format_request(*request)) : request.error().message();
}

constexpr char kWholeStart[] =
    R"({"id":"a","bundle":"/b","runtime":"crun","runtimeArgs":["--root","/r"],"labels":["x=y"],)"
    R"("noPivotRoot":true,"stdio":{"stdin":"/i","stdout":"/o","stderr":"/e"},"checkpoint":"one",)"
    R"("checkpointDir":"/c","consoleSize":{"height":24,"width":80},"keep":true,"timeout":1500})";
constexpr char kWholeExec[] =
    R"({"id":"a","process":"e1","args":["ls","-l"],"env":["A=b"],"cwd":"/","user":{"uid":1,)"
    R"("gid":2,"additionalGids":[3],"username":"me"},"capabilities":["CAP_KILL"],)"
    R"("noNewPrivileges":true,"terminal":true,"consoleSize":{"height":24,"width":80},)"
    R"("stdio":{"fifos":true},"timeout":1})";
constexpr char kWholeSpec[] =
    R"({"id":"a","spec":{"terminal":true,"user":{"uid":0,"gid":0},"args":["x"],"cwd":"/",)"
    R"("rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":10}]}})";
constexpr char kWholeUpdate[] =
    R"({"id":"a","resources":{"memory":{"limit":9223372036854771712,"swap":-1},"cpu":{"shares":2,)"
    R"("quota":-1,"cpus":"0-1"},"blockIO":{"weight":500},"pids":{"limit":7}}})";
constexpr char kWholeCheckpoint[] =
    R"({"id":"a","directory":"/d","name":"n","tcp":true,"unixSockets":true,"shell":true,)"
    R"("exit":true,"emptyNS":["network"]})";

TEST(task_json, every_request_reads_as_it_was_written) {
  EXPECT_EQ(again<StartRequest>(kWholeStart), kWholeStart);
  EXPECT_EQ(again<ExecRequest>(kWholeExec), kWholeExec);
  EXPECT_EQ(again<ExecRequest>(kWholeSpec), kWholeSpec);
  EXPECT_EQ(again<UpdateRequest>(kWholeUpdate), kWholeUpdate);
  EXPECT_EQ(again<CheckpointCreateRequest>(kWholeCheckpoint), kWholeCheckpoint);
  const std::string process = R"({"id":"a","process":"e"})";
  EXPECT_EQ(again<AttachRequest>(process), process);
  EXPECT_EQ(again<WaitRequest>(process), process);
  EXPECT_EQ(again<CloseStdinRequest>(process), process);
  const std::string container = R"({"id":"a"})";
  EXPECT_EQ(again<StateRequest>(container), container);
  EXPECT_EQ(again<PauseRequest>(container), container);
  EXPECT_EQ(again<ResumeRequest>(container), container);
  EXPECT_EQ(again<StatsRequest>(container), container);
  EXPECT_EQ(again<PsRequest>(container), container);
  EXPECT_EQ(again<ListRequest>("{}"), "{}");
  const std::string list = R"({"id":"a","directory":"/d"})";
  EXPECT_EQ(again<CheckpointListRequest>(list), list);
  const std::string named = R"({"id":"a","directory":"/d","name":"n"})";
  EXPECT_EQ(again<CheckpointDeleteRequest>(named), named);
  const std::string kill = R"({"id":"a","process":"e","signal":9})";
  EXPECT_EQ(again<KillRequest>(kill), kill);
  const std::string remove = R"({"id":"a","force":true})";
  EXPECT_EQ(again<DeleteRequest>(remove), remove);
  const std::string resize = R"({"id":"a","width":80,"height":65535})";
  EXPECT_EQ(again<ResizeRequest>(resize), resize);
}

TEST(task_json, null_is_absent) {
  const auto request = parse_request<StartRequest>(
      json_of(R"({"id":"a","bundle":"/b","labels":null,"stdio":null,"timeout":null})"));
  EXPECT_FALSE(test::must(request).labels.has_value());
  EXPECT_TRUE(parse_request<ListRequest>(Json()).has_value());
}

struct Refused {
  const char* text;
  const char* message;
};

template <class Request>
void expect_refused(std::initializer_list<Refused> table) {
  for (const Refused& refused : table) {
    EXPECT_EQ(again<Request>(refused.text), refused.message) << refused.text;
  }
}

TEST(task_json, bad_starts_name_the_field) {
  expect_refused<StartRequest>({
      {"[]", "start: the parameters must be an object"},
      {"{}", "start id: container id cannot be empty"},
      {R"({"id":"a"})", "start bundle: empty bundle path"},
      {R"({"id":"a","bundle":"b"})", "start bundle: must be an absolute path"},
      {R"({"id":7,"bundle":"/b"})", "start id: must be a string"},
      {R"({"id":"../x","bundle":"/b"})",
       "start id: check container id '../x': only letters, digits and _.+- are allowed"},
      {R"({"id":"a","bundle":"/b\u0000c"})", "start bundle: must not contain a NUL byte"},
      {R"({"id":"a","bundle":"/b","Labels":[]})", "start Labels: unknown field"},
      {R"({"id":"a","bundle":"/b","labels":"x"})",
       "start labels: must be an array of at most 4096 strings"},
      {R"({"id":"a","bundle":"/b","labels":[1]})", "start labels: each element must be a string"},
      {R"({"id":"a","bundle":"/b","noPivotRoot":1})", "start noPivotRoot: must be true or false"},
      {R"({"id":"a","bundle":"/b","runtime":"../runc"})",
       "start runtime: must be a name or an absolute path"},
      {R"({"id":"a","bundle":"/b","timeout":-1})",
       "start timeout: must be an integer from 0 to 86400000"},
      {R"({"id":"a","bundle":"/b","timeout":1.5})",
       "start timeout: must be an integer from 0 to 86400000"},
      {R"({"id":"a","bundle":"/b","timeout":18446744073709551615})",
       "start timeout: must be an integer from 0 to 86400000"},
      {R"({"id":"a","bundle":"/b","stdio":7})", "start stdio: the parameters must be an object"},
      {R"({"id":"a","bundle":"/b","stdio":{"stdin":"x"}})",
       "start stdio.stdin: must be an absolute path"},
      {R"({"id":"a","bundle":"/b","stdio":{"std":"/x"}})", "start stdio.std: unknown field"},
      {R"({"id":"a","bundle":"/b","stdio":{"fifos":true,"log":"/x"}})",
       "start stdio.fifos: excludes all others"},
      {R"({"id":"a","bundle":"/b","stdio":{"stdout":"/x","log":"/x"}})",
       "start stdio.log: excludes stdout and stderr"},
      {R"({"id":"a","bundle":"/b","checkpoint":".."})",
       "start checkpoint: check checkpoint name '..': it must not be . or .. or begin with a dash"},
  });
}

TEST(task_json, bad_execs_name_the_field) {
  expect_refused<ExecRequest>({
      {R"({"id":"a"})", "exec args: must not be empty"},
      {R"({"id":"a","process":"init","args":["x"]})",
       "exec process: 'init' is the container's first process"},
      {R"({"id":"a","spec":{}})", "exec spec.args: must not be empty"},
      {R"({"id":"a","spec":{"args":["x"]}})", "exec spec.cwd: must be an absolute path"},
      {R"({"id":"a","spec":{"args":["x","y\u0000"],"cwd":"/"}})",
       "exec spec.args: each element must not contain a NUL byte"},
      {R"({"id":"a","spec":{"args":["x"],"env":["a=\u0000"],"cwd":"/"}})",
       "exec spec.env: each element must not contain a NUL byte"},
      {R"({"id":"a","spec":{"args":["x"],"cwd":"/\u0000"}})",
       "exec spec.cwd: must not contain a NUL byte"},
      {R"({"id":"a","spec":{"args":["x"],"cwd":"/","capabilities":["\u0000"]}})",
       "exec spec.capabilities: each element must not contain a NUL byte"},
      {R"({"id":"a","spec":{"args":["x"],"cwd":"/"},"args":["y"]})",
       "exec spec: says everything; no other field may"},
      {R"({"id":"a","args":["x"],"user":{"uid":-1}})",
       "exec user.uid: must be an integer from 0 to 4294967295"},
      {R"({"id":"a","args":["x"],"user":{"additionalGids":[-1]}})",
       "exec user.additionalGids: must be an array of integers from 0 to 4294967295"},
      {R"({"id":"a","args":["x"],"cwd":"tmp"})", "exec cwd: must be an absolute path"},
  });
}

TEST(task_json, other_bad_requests_name_the_field) {
  expect_refused<KillRequest>({
      {R"({"id":"a"})", "kill signal: is missing"},
      {R"({"id":"a","signal":0})", "kill signal: must be an integer from 1 to 64"},
      {R"({"id":"a","signal":65})", "kill signal: must be an integer from 1 to 64"},
      {R"({"id":"a","signal":"KILL"})", "kill signal: must be an integer from 1 to 64"},
  });
  expect_refused<ResizeRequest>({
      {R"({"id":"a","width":1})", "resize height: is missing"},
      {R"({"id":"a","width":65536,"height":1})",
       "resize width: must be an integer from 0 to 65535"},
  });
  expect_refused<UpdateRequest>({
      {R"({"id":"a","resources":{"blockIO":{"weight":99999}}})",
       "update resources.blockIO.weight: must be an integer from 0 to 65535"},
      {R"({"id":"a","resources":{"memory":{"lim":1}}})",
       "update resources.memory.lim: unknown field"},
  });
  expect_refused<CheckpointDeleteRequest>(
      {{R"({"id":"a"})", "checkpoint-delete name: checkpoint name cannot be empty"}});
  expect_refused<ListRequest>({{R"({"id":"a"})", "list id: unknown field"}});
}

TEST(task_json, every_failure_is_the_callers) {
  EXPECT_EQ(test::code_of(parse_request<StartRequest>(Json::object())), EINVAL);
}

TEST(task_json, lengths_are_limited) {
  Json start{{"id", "a"}, {"bundle", "/" + std::string(RequestReader::kPathLimit, 'x')}};
  EXPECT_EQ(test::error_of(parse_request<StartRequest>(start)),
            "start bundle: must not be longer than 4095 bytes");
  start["bundle"] = "/b";
  start["labels"] = Json::array({std::string(RequestReader::kTextLimit + 1, 'x')});
  EXPECT_EQ(test::error_of(parse_request<StartRequest>(start)),
            "start labels: each element must not be longer than 131072 bytes");
  start["labels"] = std::vector<std::string>(RequestReader::kListLimit + 1, "x");
  EXPECT_EQ(test::error_of(parse_request<StartRequest>(start)),
            "start labels: must be an array of at most 4096 strings");
}

TEST(task_json, lengths_are_limited_in_a_spec) {
  const auto refusal = [](const Json& spec) {
    return test::error_of(parse_request<ExecRequest>(Json{{"id", "a"}, {"spec", spec}}));
  };
  Json spec{{"args", Json::array({"x"})},
            {"cwd", "/" + std::string(RequestReader::kPathLimit, 'x')}};
  EXPECT_EQ(refusal(spec), "exec spec.cwd: must not be longer than 4095 bytes");
  spec["cwd"] = "/";
  EXPECT_EQ(refusal(spec), "(no error)");
  spec["env"] = std::vector<std::string>(RequestReader::kListLimit + 1, "x");
  EXPECT_EQ(refusal(spec), "exec spec.env: must be an array of at most 4096 strings");
  spec["args"] = Json::array({std::string(RequestReader::kTextLimit + 1, 'x')});
  EXPECT_EQ(refusal(spec), "exec spec.args: each element must not be longer than 131072 bytes");
}

TEST(task_json, resources_that_say_nothing_are_left_out) {
  EXPECT_EQ(state::format_json(format_resources({})), "{}");
  EXPECT_EQ(state::format_json(format_resources({.memory_limit = 1, .cpu_quota = -1})),
            R"({"memory":{"limit":1},"cpu":{"quota":-1}})");
}

TEST(task_json, a_container_that_is_listed) {
  ContainerInfo info{.id = "a", .status = Status::Paused, .bundle = "/b", .runtime = "runc"};
  info.directory = "/s/a";
  info.processes.push_back({.process = "init", .status = Status::Running, .pid = 7});
  info.processes.push_back({.process = "e",
                            .status = Status::Stopped,
                            .exit_status = uint32_t{0},
                            .spec = {.cwd = "/"}});
  EXPECT_EQ(
      state::format_json(format_answer(info)),
      R"({"id":"a","status":"paused","bundle":"/b","runtime":"runc","runtimeArgs":[],"labels":[],)"
      R"("directory":"/s/a","processes":[{"process":"init","status":"running","pid":7,)"
      R"("stdio":{"stdin":"","stdout":"","stderr":""},)"
      R"("spec":{"user":{"uid":0,"gid":0},"args":[],"cwd":""}},)"
      R"({"process":"e","status":"stopped","exitStatus":0,)"
      R"("stdio":{"stdin":"","stdout":"","stderr":""},)"
      R"("spec":{"user":{"uid":0,"gid":0},"args":[],"cwd":"/"}}]})");
}

}  // namespace
}  // namespace chock::supervisor
