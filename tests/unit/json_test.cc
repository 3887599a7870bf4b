// SPDX-License-Identifier: Apache-2.0
#include "common/state/json.h"

#include <chrono>

#include "tests/unit/support.h"

namespace chock::state {
namespace {

Json parse(std::string_view text) { return test::must(parse_json(text, "f")); }
std::string error_of(std::string_view text) { return test::error_of(parse_json(text, "f")); }

// What `read` makes of the member "key" of an object that consists of `members`, or the error.
template <class Read>
std::string member(const std::string& members, Read read) {
  const Json json = parse("{" + members + "}");
  JsonReader reader(json, "f");
  const auto value = read(reader);
  const Result<void> ok = reader.check();
  return ok ? format_json(Json(value)) : ok.error().message();
}
std::string string_of(const std::string& members) {
  return member(members, [](JsonReader& in) { return in.string("key"); });
}
std::string boolean_of(const std::string& members) {
  return member(members, [](JsonReader& in) { return in.boolean("key"); });
}
std::string strings_of(const std::string& members) {
  return member(members, [](JsonReader& in) { return in.strings("key"); });
}
template <class T>
std::string integer_of(const std::string& members) {
  return member(members, [](JsonReader& in) { return in.integer<T>("key"); });
}
template <class T>
std::string integers_of(const std::string& members) {
  return member(members, [](JsonReader& in) { return in.integers<T>("key"); });
}

TEST(json, keys_match_in_any_case_and_the_last_one_wins) {
  EXPECT_EQ(string_of(R"("key":"a")"), R"("a")");
  EXPECT_EQ(string_of(R"("KEY":"a")"), R"("a")");
  EXPECT_EQ(string_of(R"("key":"a","KEY":"b")"), R"("b")");
  EXPECT_EQ(string_of(R"("KEY":"a","key":"b")"), R"("b")");
  EXPECT_EQ(string_of(R"("key":"a","key":"b")"), R"("b")");
  EXPECT_EQ(string_of(R"("key":"a","KEY":"b","key":"c")"), R"("c")");
  EXPECT_EQ(string_of(R"("KEY":"a","key":"b","KEY":"c","kEy":"d")"), R"("d")");
  EXPECT_EQ(string_of(R"("key":1,"KEY":"b")"), R"("b")");
  EXPECT_EQ(string_of(R"("k\u0065y":"a")"), R"("a")");
  EXPECT_EQ(string_of(R"("key\u0000":"a","keys":"b","ke":"c","":"d")"), R"("")");
}

TEST(json, absent_and_null_are_the_zero_value) {
  for (const char* members : {"", R"("other":1)", R"("key":null)", R"("key":1,"Key":null)"}) {
    EXPECT_EQ(string_of(members), R"("")");
    EXPECT_EQ(boolean_of(members), "false");
    EXPECT_EQ(strings_of(members), "[]");
    EXPECT_EQ(integer_of<uint64_t>(members), "0");
    EXPECT_EQ(integers_of<uint32_t>(members), "[]");
    const Json json = parse("{" + std::string(members) + "}");
    JsonReader reader(json, "f");
    EXPECT_FALSE(reader.has("key"));
    reader.object("key", [](JsonReader&) { ADD_FAILURE(); });
    reader.objects("key", [](JsonReader&) { ADD_FAILURE(); });
    EXPECT_EQ(test::error_of(reader.check()), "(no error)");
  }
}

TEST(json, a_wrong_type_names_file_and_key) {
  const std::string string = "parse f: key: must be a string";
  const std::string boolean = "parse f: key: must be true or false";
  const std::string integer = "parse f: key: must be an integer in range";
  const std::string strings = "parse f: key: must be an array of strings";
  for (const char* value : {"1", "true", "[]", "{}", "-1", "1.5"}) {
    EXPECT_EQ(string_of(std::string(R"("key":)") + value), string) << value;
  }
  for (const char* value : {"1", "0", R"("true")", "[]", "{}"}) {
    EXPECT_EQ(boolean_of(std::string(R"("key":)") + value), boolean) << value;
  }
  for (const char* value : {R"("1")", "true", "[]", "{}", "1.0", "1e2", "-1", "4294967296"}) {
    EXPECT_EQ(integer_of<uint32_t>(std::string(R"("key":)") + value), integer) << value;
  }
  for (const char* value : {"1", R"("a")", "{}", "[1]", R"(["a",1])", "[[]]", "[true]"}) {
    EXPECT_EQ(strings_of(std::string(R"("key":)") + value), strings) << value;
  }
  EXPECT_EQ(integers_of<uint32_t>(R"("key":7)"), "parse f: key: must be an array of integers");
  for (const char* value : {R"([""])", "[1,-1]", "[1.5]", "[4294967296]", "[{}]"}) {
    EXPECT_EQ(integers_of<uint32_t>(std::string(R"("key":)") + value),
              "parse f: key: must be an array of integers in range")
        << value;
  }
}

TEST(json, a_null_among_strings_is_an_empty_one) {
  EXPECT_EQ(strings_of(R"("key":["a",null,"b"])"), R"(["a","","b"])");
}

TEST(json, integers_are_exact) {
  EXPECT_EQ(integer_of<uint64_t>(R"("key":18446744073709551615)"), "18446744073709551615");
  EXPECT_EQ(integer_of<uint64_t>(R"("key":9223372036854771712)"), "9223372036854771712");
  EXPECT_EQ(integer_of<uint64_t>(R"("key":9007199254740993)"), "9007199254740993");
  EXPECT_EQ(integer_of<int64_t>(R"("key":-9223372036854775808)"), "-9223372036854775808");
  EXPECT_EQ(integer_of<int64_t>(R"("key":9223372036854775807)"), "9223372036854775807");
  EXPECT_EQ(integer_of<int>(R"("key":-1000)"), "-1000");
  EXPECT_EQ(integer_of<int>(R"("key":-0)"), "0");
  const std::string refused = "parse f: key: must be an integer in range";
  EXPECT_EQ(integer_of<uint64_t>(R"("key":18446744073709551616)"), refused);
  EXPECT_EQ(integer_of<int64_t>(R"("key":9223372036854775808)"), refused);
  EXPECT_EQ(integer_of<int64_t>(R"("key":-9223372036854775809)"), refused);
  EXPECT_EQ(integer_of<int>(R"("key":2147483648)"), refused);
  EXPECT_EQ(integers_of<uint64_t>(R"("key":[0,18446744073709551615])"), "[0,18446744073709551615]");
  EXPECT_EQ(format_json(parse("[18446744073709551615,-9223372036854775808]")),
            "[18446744073709551615,-9223372036854775808]");
}

TEST(json, only_the_first_value_counts) {
  EXPECT_EQ(format_json(parse("{\"a\":1}{\"a\":2}")), R"({"a":1})");
  EXPECT_EQ(format_json(parse("{\"a\":1} garbage")), R"({"a":1})");
  EXPECT_EQ(format_json(parse("\n\t [1]]")), "[1]");
  EXPECT_EQ(format_json(parse("{}\xFF\xFF")), "{}");
  EXPECT_EQ(format_json(parse("\xEF\xBB\xBF{}")), "{}");  // a byte order mark
}

TEST(json, length_is_that_of_the_value) {
  struct Case {
    std::string value;
    std::string rest;
  };
  const Case cases[] = {
      {"{}", ""},     {"{}", "{}"},   {"{\"a\":\"\xFF\xFF\"}", "{\"b\":1}"},
      {"  [1]", " "}, {"null", "x"},  {"true", ""},
      {"12", "{}"},   {"12", ""},     {"-1.5e3", " "},
      {"12", "\xFF"}, {"\"x\"", "y"}, {"\"\xE2\x82\xAC\"", "1"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(test::must(parse_first_json(c.value + c.rest, "f")).length, c.value.size())
        << c.value << c.rest;
  }
}

TEST(json, errors_say_where) {
  EXPECT_TRUE(error_of("{\n \"a\": x}").starts_with("parse f: line 2, column 7: "));
  EXPECT_TRUE(error_of("{\"a\"}").starts_with("parse f: line 1, column 5: "));
  EXPECT_TRUE(error_of("").starts_with("parse f: line 1, column 1: "));
  EXPECT_TRUE(error_of("[1e999]").starts_with("parse f: number overflow"));
}

TEST(json, refuses_what_is_not_json) {
  const std::string bad[] = {
      "",
      " ",
      "{",
      "}",
      "[",
      "]",
      "{]",
      "[}",
      "{\"a\":}",
      "{\"a\"}",
      "{a:1}",
      "{'a':1}",
      "{\"a\":1,}",
      "[1,]",
      "[,1]",
      "nul",
      "truex",
      "NaN",
      "Infinity",
      "+1",
      ".5",
      "1.",
      "\xC2\xA0{}",
      "-",
      "\"\n\"",
      "\"\\x41\"",
      "\"\\u12\"",
      "\"\\ud800\"",
      "\"\\udc00\"",
      "/* */ {}",
      "// x\n{}",
      "\"abc",
      "\xFE\xFF{}",
      "\xEF\xBB{}",
      "\x01",
      "{\"a\":1 \"b\":2}",
      std::string("\0{}", 3),
      std::string("{\"a\":\"\0\"}", 9),
  };
  for (const std::string& text : bad) {
    const bool garbage_after = text == "truex";  // a whole value, then something else
    EXPECT_EQ(parse_json(text, "f").has_value(), garbage_after) << text;
  }
}

TEST(json, every_prefix_is_an_error_and_nothing_worse) {
  const std::string text =
      "{\"a\":[1,-2.5e3,true,null,{\"\xE2\x82\xAC\":\"\\u20ac\\n\xFF\"}],\"b\":\"c\"}";
  ASSERT_TRUE(parse_json(text, "f").has_value());
  for (size_t length = 0; length < text.size(); ++length) {
    // On the heap and exactly as long, so that reading beyond the end is seen.
    const std::vector<char> prefix(text.begin(), text.begin() + static_cast<ptrdiff_t>(length));
    EXPECT_FALSE(parse_json({prefix.data(), prefix.size()}, "f").has_value()) << length;
  }
}

TEST(json, depth_is_limited) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(128), "f").has_value());
  EXPECT_EQ(error_of(nested(129)), "parse f: nested more than 128 levels deep");
  EXPECT_EQ(error_of(std::string(100000, '[')), "parse f: nested more than 128 levels deep");
  std::string objects;
  for (int i = 0; i < 100000; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_EQ(error_of(objects), "parse f: nested more than 128 levels deep");
}

TEST(json, members_are_limited) {
  const auto with_members = [](size_t count) {
    std::string text = "{";
    for (size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  EXPECT_TRUE(parse_json(with_members(4096), "f").has_value());
  EXPECT_EQ(error_of(with_members(4097)), "parse f: an object has more than 4096 members");
  std::string array = "[0";
  for (int i = 0; i < 100000; ++i) {
    array += ",0";
  }
  EXPECT_EQ(parse(array + "]").size(), 100001U);
}

TEST(json, long_strings) {
  const std::string megabyte(1U << 20U, 'x');
  EXPECT_EQ(string_of("\"key\":\"" + megabyte + "\""), "\"" + megabyte + "\"");
  EXPECT_EQ(string_of("\"" + megabyte + "\":1,\"key\":\"v\""), "\"v\"");
}

TEST(json, invalid_utf8_is_replaced) {
  const std::string r = "\xEF\xBF\xBD";
  struct Case {
    std::string text;
    std::string valid;
  };
  const Case cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"\xC2\x80 \xDF\xBF", "\xC2\x80 \xDF\xBF"},
      {"\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF",
       "\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"},
      {"\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF", "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"},
      {"\x80", r},
      {"a\xFFz", "a" + r + "z"},
      {"\xC0\xAF", r + r},                  // overlong
      {"\xC1\xBF", r + r},                  // overlong
      {"\xE0\x9F\xBF", r + r + r},          // overlong
      {"\xED\xA0\x80", r + r + r},          // a surrogate
      {"\xF0\x8F\xBF\xBF", r + r + r + r},  // overlong
      {"\xF4\x90\x80\x80", r + r + r + r},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", r + r + r + r},
      {"\xC2", r},
      {"\xE2\x82", r + r},
      {"\xF0\x9F\x98", r + r + r},
      {"\xE2\x82z", r + r + "z"},
      {std::string("\0", 1), std::string("\0", 1)},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(to_valid_utf8(c.text), c.valid) << c.text;
    if (c.text.find('\0') == std::string::npos) {
      EXPECT_EQ(string_of("\"key\":\"" + c.text + "\""), "\"" + c.valid + "\"") << c.text;
    }
  }
  EXPECT_EQ(format_json(Json("a\xFFz")), "\"a" + r + "z\"");
}

TEST(json, escapes_are_undone) {
  EXPECT_EQ(string_of(R"("key":"\u003c\u0026\u003e\u2028\"\\\/\b\f\n\r\t")"),
            "\"<&>\xE2\x80\xA8\\\"\\\\/\\b\\f\\n\\r\\t\"");
  EXPECT_EQ(string_of(R"("key":"\ud83d\ude00")"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_EQ(string_of(R"("key":"\u0000")"), R"("\u0000")");
}

TEST(json, the_first_error_is_kept_and_the_rest_reads_as_absent) {
  const Json json = parse(R"({"a":1,"b":"text","c":{"d":{"e":true}},"list":[{"n":1},{"n":"x"}]})");
  JsonReader reader(json, "f");
  EXPECT_EQ(reader.string("b"), "text");
  EXPECT_EQ(reader.string("a"), "");
  EXPECT_EQ(reader.string("b"), "");
  EXPECT_FALSE(reader.boolean("b"));
  EXPECT_EQ(test::error_of(reader.check()), "parse f: a: must be a string");

  JsonReader nested(json, "f");
  nested.object("c", [](JsonReader& c) {
    c.object("d", [](JsonReader& d) { EXPECT_EQ(d.string("e"), ""); });
    EXPECT_FALSE(c.has("d"));
  });
  EXPECT_EQ(test::error_of(nested.check()), "parse f: c: d: e: must be a string");

  JsonReader list(json, "f");
  int sum = 0;
  list.objects("list", [&](JsonReader& in) { sum += in.integer<int>("n"); });
  EXPECT_EQ(sum, 1);
  EXPECT_EQ(test::error_of(list.check()), "parse f: list: n: must be an integer in range");
}

TEST(json, objects_must_be_objects) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {R"({"o":[]})", "parse f: o: must be an object"},
      {R"({"o":"x"})", "parse f: o: must be an object"},
      {R"({"l":{}})", "parse f: l: must be an array of objects"},
      {R"({"l":[{},1]})", "parse f: l: must be an object"},
      {R"([])", "parse f: must be an object"},
      {R"("x")", "parse f: must be an object"},
      {R"(7)", "parse f: must be an object"},
  };
  for (const Case& c : cases) {
    const Json json = parse(c.text);
    JsonReader reader(json, "f");
    reader.object("o", [](JsonReader&) {});
    reader.objects("l", [](JsonReader&) {});
    EXPECT_EQ(test::error_of(reader.check()), c.error) << c.text;
  }
}

}  // namespace
}  // namespace chock::state
