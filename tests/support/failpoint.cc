// SPDX-License-Identifier: Apache-2.0
// What happens at a named step, as $CHOCK_FAILPOINT says: "STEP=kill" dies there without a word,
// "STEP=stop" stays there until SIGCONT. "STEP:N=..." waits for the Nth time.
#include "common/failpoint.h"

#include <signal.h>
#include <stdlib.h>

#include <charconv>
#include <string_view>

namespace chock {
namespace {

struct Order {
  std::string_view step, action;
  int times = 1;
};

Order read_order() {
  const char* text = ::getenv("CHOCK_FAILPOINT");
  Order order;
  std::string_view rest = text != nullptr ? text : "";
  const size_t equals = rest.find('=');
  if (equals == std::string_view::npos) {
    return order;
  }
  order.action = rest.substr(equals + 1);
  rest = rest.substr(0, equals);
  order.step = rest.substr(0, rest.find(':'));
  if (order.step.size() < rest.size()) {
    std::from_chars(rest.data() + order.step.size() + 1, rest.data() + rest.size(), order.times);
  }
  return order;
}

}  // namespace

void reach_failpoint(const char* step) {
  static int reached = 0;  // the step that is waited for
  const Order order = read_order();
  if (order.step != step || ++reached != order.times) {
    return;
  }
  ::raise(order.action == "stop" ? SIGSTOP : SIGKILL);
}

}  // namespace chock
