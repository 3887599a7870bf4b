// SPDX-License-Identifier: Apache-2.0
#include "supervisor/gate.h"

#include <string>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "tests/unit/support.h"

namespace chock::supervisor {
namespace {

// Visitors of a gate with one place; `seen_` has a letter for each that was let in, and the same in
// capitals for each that gave up.
class gate : public ::testing::Test {
 protected:
  void visit(char name, Latch* leave, Latch* gone = nullptr) {
    asio::co_spawn(loop_, stay(name, leave, gone), asio::detached);
    settle();
  }
  // Until nobody can go on.
  void settle() {
    loop_.restart();
    loop_.poll();
  }
  void pass(char name, Latch& latch) {
    asio::co_spawn(loop_, await_latch(name, latch), asio::detached);
  }
  void set(Latch& latch) {
    latch.set();
    settle();
  }

  asio::io_context loop_;
  Gate gate_{1};
  std::string seen_;

 private:
  Awaitable<void> stay(char name, Latch* leave, Latch* gone) {
    const std::optional<Gate::Turn> turn = co_await gate_.enter(gone);
    seen_ += turn ? name : static_cast<char>(name - 'a' + 'A');
    if (turn) {
      co_await leave->wait();
    }
  }
  Awaitable<void> await_latch(char name, Latch& latch) {
    co_await latch.wait();
    seen_ += name;
  }
};

TEST_F(gate, lets_in_one_after_the_other) {
  Latch a;
  Latch b;
  Latch c;
  visit('a', &a);
  visit('b', &b);
  visit('c', &c);
  EXPECT_EQ(seen_, "a");
  EXPECT_EQ(gate_.waiting(), 2U);
  set(a);
  EXPECT_EQ(seen_, "ab");
  set(b);
  EXPECT_EQ(seen_, "abc");
  EXPECT_EQ(gate_.waiting(), 0U);
  set(c);
  visit('d', &a);  // which is set, so it leaves at once
  visit('e', &a);
  EXPECT_EQ(seen_, "abcde");
}

TEST_F(gate, forgets_who_gives_up) {
  Latch a;
  Latch b;
  Latch gone;
  visit('a', &a);
  visit('b', &b, &gone);
  visit('c', &b);
  set(gone);
  EXPECT_EQ(seen_, "aB");
  EXPECT_EQ(gate_.waiting(), 1U);
  set(a);
  EXPECT_EQ(seen_, "aBc");
  set(b);
}

TEST_F(gate, refuses_who_has_given_up_before) {
  Latch gone;
  gone.set();
  visit('a', nullptr, &gone);
  EXPECT_EQ(seen_, "A");
  Latch b;
  visit('b', &b);  // the place was not taken
  EXPECT_EQ(seen_, "Ab");
  set(b);
}

// Whoever is let in and gives up at the same time gives the place on, if it does not take it.
TEST_F(gate, loses_no_place_to_who_gives_up_when_let_in) {
  Latch a;
  Latch b;
  Latch gone;
  visit('a', &a);
  visit('b', &b, &gone);
  gone.set();
  set(a);
  set(b);
  visit('c', &a);
  EXPECT_EQ(seen_.back(), 'c');
}

// A latch wakes all who wait, once its setter has returned to the loop, and whoever comes later
// passes.
TEST_F(gate, waits_for_a_latch) {
  Latch latch;
  pass('a', latch);
  pass('b', latch);
  settle();
  EXPECT_EQ(seen_, "");
  latch.set();
  latch.set();
  EXPECT_EQ(seen_, "");
  settle();
  EXPECT_EQ(seen_, "ab");
  pass('c', latch);
  settle();
  EXPECT_EQ(seen_, "abc");
}

}  // namespace
}  // namespace chock::supervisor
