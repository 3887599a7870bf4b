// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "supervisor/rpc/message.h"
#include "tests/unit/support.h"

namespace chock::supervisor::rpc {
namespace {

using state::Json;

TEST(rpc_message, reads_requests) {
  const auto request =
      parse_request(R"({"jsonrpc":"2.0","id":7,"method":"state","params":{"id":"a"}} )");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "state");
  EXPECT_EQ(request->id, Json(7));
  EXPECT_EQ(request->params, (Json{{"id", "a"}}));
  const auto notification = parse_request(R"({"jsonrpc":"2.0","method":"list"})");
  ASSERT_TRUE(notification);
  EXPECT_FALSE(notification->id);
  EXPECT_TRUE(notification->params.is_null());
}

TEST(rpc_message, refuses_what_is_no_request_with_the_codes_of_the_specification) {
  struct Case {
    std::string line;
    Code code;
    Json id;
  };
  const Case cases[] = {
      {"", Code::ParseError, nullptr},
      {"{", Code::ParseError, nullptr},
      {std::string(1, '\0'), Code::ParseError, nullptr},
      {"{} {}", Code::ParseError, nullptr},
      {std::string(200, '['), Code::ParseError, nullptr},
      {"{}", Code::InvalidRequest, nullptr},
      {"[]", Code::InvalidRequest, nullptr},
      {"1", Code::InvalidRequest, nullptr},
      {R"([{"jsonrpc":"2.0","id":1,"method":"list"}])", Code::InvalidRequest, nullptr},
      {R"({"jsonrpc":"1.0","id":1,"method":"list"})", Code::InvalidRequest, 1},
      {R"({"jsonrpc":"2.0","id":"x"})", Code::InvalidRequest, "x"},
      {R"({"jsonrpc":"2.0","id":1,"method":1})", Code::InvalidRequest, 1},
      {R"({"jsonrpc":"2.0","id":[],"method":"list"})", Code::InvalidRequest, nullptr},
      {R"({"jsonrpc":"2.0","id":1,"method":"list","params":[1]})", Code::InvalidParams, 1},
  };
  for (const Case& each : cases) {
    const auto request = parse_request(each.line);
    ASSERT_FALSE(request) << each.line;
    EXPECT_EQ(request.error().code, each.code) << each.line;
    EXPECT_EQ(request.error().id, each.id) << each.line;
  }
}

TEST(rpc_message, tells_nobody_what_is_wrong_with_a_notification) {
  for (const char* params : {"[1]", "7", "\"x\""}) {
    const std::string rest = std::string(R"("method":"list","params":)") + params + "}";
    const auto notification = parse_request(R"({"jsonrpc":"2.0",)" + rest);
    ASSERT_FALSE(notification) << rest;
    EXPECT_TRUE(notification.error().notification) << rest;
    const auto request = parse_request(R"({"jsonrpc":"2.0","id":null,)" + rest);
    ASSERT_FALSE(request) << rest;
    EXPECT_FALSE(request.error().notification) << rest;
  }
  const auto neither = parse_request(R"({"jsonrpc":"2.0","params":[1]})");  // may have been either
  ASSERT_FALSE(neither);
  EXPECT_FALSE(neither.error().notification);
}

TEST(rpc_message, an_answer_comes_back_as_it_was_sent) {
  const Result<Incoming> answer = parse_incoming(format_answer(3, {{"pid", 42}}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, 3U);
  EXPECT_EQ(answer->content, (Json{{"pid", 42}}));
  const Result<Incoming> event = parse_incoming(format_notification("event", {{"seq", 1}}));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->method, "event");
  EXPECT_FALSE(event->id);
}

TEST(rpc_message, a_failure_keeps_operation_object_and_reason) {
  const Error error{.code = ESRCH, .operation = "kill", .object = "a", .detail = "not found"};
  const std::string line = format_failure(3, error);
  EXPECT_NE(line.find("\"code\":-32001"), std::string::npos) << line;
  const Result<Incoming> answer = parse_incoming(line);
  ASSERT_TRUE(answer && answer->failure);
  EXPECT_EQ(answer->failure->message(), error.message());
  EXPECT_EQ(answer->failure->code, ESRCH);
}

TEST(rpc_message, clients_survive_garbage) {
  for (const char* line : {"", "[]", "{}", "{\"jsonrpc\":\"2.0\",\"id\":\"x\"}", "\x01"}) {
    EXPECT_FALSE(parse_incoming(line)) << line;
  }
}

}  // namespace
}  // namespace chock::supervisor::rpc
