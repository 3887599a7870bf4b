// SPDX-License-Identifier: Apache-2.0
// Server and Client against each other, and against clients that misbehave.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include "supervisor/root_lock.h"
#include "supervisor/rpc/client.h"
#include "supervisor/rpc/server.h"
#include "supervisor/rpc/socket_path.h"
#include "tests/unit/support.h"

namespace chock::supervisor::rpc {
namespace {

using state::Json;
using test::must;

constexpr std::chrono::seconds kDeadline{30};  // for a test that hangs, nothing else

class rpc_server : public ::testing::Test {
 public:
  // Runs `body` beside the server, then stops that; fails if it does not end.
  void run(Awaitable<void> body) {
    asio::co_spawn(context_, server_.serve(stop_), rethrow);
    asio::co_spawn(context_, std::move(body), [this](const std::exception_ptr& failure) {
      rethrow(failure);
      stop_.set();
    });
    context_.run_for(kDeadline);
    EXPECT_TRUE(context_.stopped());
  }

  static void rethrow(const std::exception_ptr& failure) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

  Awaitable<Result<Json>> serve_call(std::string method, Json params, Caller caller) {
    ++calls_;
    if (method == "echo") {
      co_return params;
    }
    if (method == "wait") {
      co_await caller.gone->wait();
      ++undone_;
      co_return system_error(ECANCELED, "wait", "test");
    }
    if (method == "prepare") {
      caller.prepared({.id = "a"});
      co_return params;
    }
    co_return system_error(ENOSYS, "call", method);
  }

  Client connect() { return must(must(Client::connect(context_.get_executor(), root_))); }

  // A client that speaks bytes.
  [[nodiscard]] sys::UniqueFd connect_raw() const {
    sys::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const SocketPath path = must(SocketPath::make(root_.path_of("s")));
    EXPECT_EQ(::connect(fd.get(), path.address(), path.length()), 0);
    return fd;
  }
  static Awaitable<std::string> read_line(const sys::UniqueFd& fd) {
    std::string line;
    char letter = 0;
    while (line.empty() || line.back() != '\n') {
      co_await readable(fd.get());
      if (::read(fd.get(), &letter, 1) != 1) {
        break;
      }
      line += letter;
    }
    co_return line;
  }

  asio::io_context context_{1};
  test::TempDir temp_;
  sys::StateDir root_ = must(sys::StateDir::open(temp_.path()));
  RootLock lock_ = must(RootLock::take(root_));
  EventLog log_ = must(EventLog::open(root_, 5));
  Service service_{.call =
                       [this](std::string method, const Json& params, Caller caller) {
                         return serve_call(std::move(method), params, std::move(caller));
                       },
                   .events = &log_};
  std::function<void(const Note&)> note_ = [](const Note&) {};
  Listener listener_ = must(Listener::bind(root_.path_of("s")));
  Result<void> announced_ = lock_.announce(root_.path_of("s"));
  Server server_{listener_, service_, note_};
  Latch stop_;
  int calls_ = 0;
  int undone_ = 0;
};

TEST_F(rpc_server, answers_calls) {
  run([](rpc_server& test) -> Awaitable<void> {
    Client client = test.connect();
    const Json params{{"text", std::string(1U << 20U, 'x')}};
    EXPECT_EQ(must(co_await client.call("echo", params)), params);
    EXPECT_EQ(test::code_of(co_await client.call("nothing", Json())), ENOSYS);
    std::string told;
    must(co_await client.call("prepare", {},
                              [&told](const std::string& method, const Json&) { told = method; }));
    EXPECT_EQ(told, "prepared");
  }(*this));
}

TEST_F(rpc_server, D75_a_second_server_is_told_who_is_there) {
  EXPECT_EQ(test::error_of(RootLock::take(root_)),
            "serve " + root_.path() + ": served by process " + std::to_string(::getpid()));
  EXPECT_EQ(test::error_of(Listener::bind(root_.path_of("s"))),
            "listen " + root_.path_of("s") + ": in use by another server");
}

TEST_F(rpc_server, bad_lines_are_answered_and_do_no_harm) {
  run([](rpc_server& test) -> Awaitable<void> {
    const sys::UniqueFd fd = test.connect_raw();
    must(sys::write_all(
        fd.get(), "garbage\n\n[]\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n", "socket"));
    EXPECT_NE((co_await read_line(fd)).find("-32700"), std::string::npos);
    EXPECT_NE((co_await read_line(fd)).find("-32600"), std::string::npos);
    EXPECT_EQ(co_await read_line(fd), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n");
  }(*this));
}

TEST_F(rpc_server, a_line_without_end_ends_the_connection) {
  run([](rpc_server& test) -> Awaitable<void> {
    asio::local::stream_protocol::socket socket(test.context_, asio::local::stream_protocol(),
                                                test.connect_raw().take());
    const std::string endless(kLineLimit + 65536, 'x');
    asio::error_code ignored;
    co_await asio::async_write(socket, asio::buffer(endless),
                               asio::redirect_error(asio::use_awaitable, ignored));
    std::string answer;
    co_await asio::async_read(socket, asio::dynamic_buffer(answer),
                              asio::redirect_error(asio::use_awaitable, ignored));
    EXPECT_NE(answer.find("longer than"), std::string::npos);
  }(*this));
}

TEST_F(rpc_server, a_client_that_vanishes_takes_its_requests_with_it) {
  run([](rpc_server& test) -> Awaitable<void> {
    {
      const sys::UniqueFd fd = test.connect_raw();
      must(sys::write_all(fd.get(), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}\n",
                          "socket"));
      while (test.calls_ == 0) {
        co_await yield_once();
      }
    }
    while (test.undone_ == 0) {
      co_await yield_once();
    }
  }(*this));
}

TEST_F(rpc_server, a_client_that_vanishes_with_more_than_it_may_ask_leaves_nothing) {
  run([](rpc_server& test) -> Awaitable<void> {
    constexpr int kMost = 64;
    {
      const sys::UniqueFd fd = test.connect_raw();
      for (int i = 0; i < kMost + 10; ++i) {
        must(sys::write_all(fd.get(), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}\n",
                            "socket"));
      }
      while (test.calls_ < kMost) {
        co_await yield_once();
      }
    }
    while (test.undone_ < kMost) {
      co_await yield_once();
    }
    EXPECT_EQ(test.calls_, kMost);
  }(*this));
}

TEST_F(rpc_server, subscriptions_are_bounded_and_leave_room_for_requests) {
  run([](rpc_server& test) -> Awaitable<void> {
    Client client = test.connect();
    constexpr int kMost = 16;
    for (int i = 0; i < kMost; ++i) {
      must(co_await client.call("events", Json()));
    }
    EXPECT_NE(test::error_of(co_await client.call("events", Json())), "(no error)");
    must(co_await client.call("echo", Json()));
    const Json beyond{{"after", 1}};
    Client other = test.connect();
    EXPECT_EQ(test::error_of(co_await other.call("events", beyond)),
              "events after: is beyond the end of the log, 0");
  }(*this));
}

TEST_F(rpc_server, a_client_that_has_said_all_still_gets_its_answers) {
  run([](rpc_server& test) -> Awaitable<void> {
    const sys::UniqueFd fd = test.connect_raw();
    must(
        sys::write_all(fd.get(), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\n", "socket"));
    ::shutdown(fd.get(), SHUT_WR);
    EXPECT_NE((co_await read_line(fd)).find("result"), std::string::npos);
    EXPECT_EQ(co_await read_line(fd), "");
  }(*this));
}

TEST_F(rpc_server, stopping_undoes_what_runs) {
  run([](rpc_server& test) -> Awaitable<void> {
    const sys::UniqueFd fd = test.connect_raw();
    must(
        sys::write_all(fd.get(), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}\n", "socket"));
    while (test.calls_ == 0) {
      co_await yield_once();
    }
    test.stop_.set();
    co_await read_line(fd);
    EXPECT_EQ(test.undone_, 1);
  }(*this));
}

TEST_F(rpc_server, R_47_subscribers_get_every_event_or_are_told_what_is_missing) {
  run([](rpc_server& test) -> Awaitable<void> {
    const auto happen = [&test](const std::string& id) {
      must(test.log_.append({.id = id, .type = state::EventRecord::Type::Oom, .timestamp = {}}));
    };
    Client all = test.connect();
    Client some = test.connect();
    Client late = test.connect();
    must(co_await all.call("events", Json()));
    const Json only_b{{"id", "b"}};
    must(co_await some.call("events", only_b));
    happen("a");
    happen("b");
    EXPECT_EQ(must(co_await all.next()).content["event"]["seq"], 1);
    EXPECT_EQ(must(co_await all.next()).content["event"]["seq"], 2);
    EXPECT_EQ(must(co_await some.next()).content["event"]["seq"], 2);
    for (int i = 0; i < 30; ++i) {
      happen("c");
    }
    const Json history{{"after", 1}, {"follow", false}};
    must(co_await late.call("events", history));
    const Incoming gap = must(co_await late.next());
    EXPECT_EQ(gap.method, "gap");
    EXPECT_EQ(gap.content["first"], 2);
    uint64_t next = gap.content["last"].get<uint64_t>() + 1;
    for (; next <= 32; ++next) {
      EXPECT_EQ(must(co_await late.next()).content["event"]["seq"], next);
    }
    EXPECT_EQ(must(co_await late.next()).method, "end");
  }(*this));
}

}  // namespace
}  // namespace chock::supervisor::rpc
