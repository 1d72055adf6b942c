// Rule files: what a school writes, every mistake with its place, the file's own tests, and what a new one changes.
#include "rules/rule_file.h"

#include <gtest/gtest.h>

#include "rules/data/shipped.h"
#include "rules/json_text.h"
#include "rules/rule_file_changes.h"
#include "rules/rule_file_compile.h"
#include "rules/rule_file_policy.h"

namespace hort {
namespace {

constexpr const char* school = R"({
  // What the school "Am Hort" rolls out.
  "name": "am-hort", "title": "Am Hort", "serial": 7,
  "lists": [
    {"category": "adult", "file": "adult.txt"},
    {"category": "games", "file": "games.hosts", "format": "hosts", "scope": "exact"},
    {"allow": true, "file": "allow.txt"}
  ],
  "services": [{"id": "quiz", "title": "Quiz", "hosts": ["quiz.example"], "executables": ["quiz"]}],
  "holidays": {"autumn": ["2026-10-12..2026-10-24", "2026-11-02"]},
  "schedules": {
    "lessons": {"windows": {"mon-fri": ["08:00-13:15"]}, "not_on": ["autumn"]},
    "day": {"windows": {"mon-fri": ["07:00-16:00"]}, "on": {"2026-11-28": ["09:00-12:00"]}}
  },
  "profiles": {
    "pupils": {"tier": "12-15", "block": [{"what": "video", "during": "lessons"}, "tiktok"], "allow": ["quiz"],
               "online": "day"},
    "year7": {"inherits": "pupils", "block": ["games", "forum.example"], "allow": ["tiktok"]},
    "first": {"tier": "0-6", "allow_list_only": true, "safe_search": true, "restricted_mode": "strict",
              "allow": [{"what": "school.example", "always": true}]}
  },
  "groups": {
    "year7": {"profile": "year7", "accounts": ["year7"], "networks": ["10.7.0.0/16"]},
    "first": {"profile": "first"}
  },
  "default_profile": "pupils",
  "tests": [
    {"group": "year7", "at": "Monday 10:15", "site": "youtube.com", "expect": "block", "because": "category video"},
    {"group": "year7", "at": "Monday 14:15", "site": "youtube.com", "expect": "allow", "because": "no rule"},
    {"group": "year7", "at": "2026-10-12 10:15", "site": "youtube.com", "expect": "allow"},
    {"group": "year7", "at": "Sunday 10:15", "site": "wikipedia.org", "expect": "block", "because": "schedule day"},
    {"group": "year7", "at": "2026-11-28 10:15", "site": "wikipedia.org", "expect": "allow"},
    {"group": "year7", "at": "Sunday 10:15", "site": "childline.org.uk", "expect": "allow", "because": "protected help"},
    {"group": "year7", "at": "Monday 10:15", "site": "www.tiktok.com", "expect": "allow", "because": "service tiktok"},
    {"group": "year7", "at": "Monday 10:15", "site": "a.forum.example", "expect": "block", "because": "own rule forum.example"},
    {"group": "year7", "at": "Monday 10:15", "site": "nude.example", "expect": "block", "because": "category adult"},
    {"group": "year7", "at": "Monday 10:15", "site": "fine.nude.example", "expect": "allow"},
    {"group": "year7", "at": "Monday 10:15", "site": "play.example", "expect": "block", "because": "category games"},
    {"group": "year7", "at": "Monday 10:15", "site": "www.play.example", "expect": "allow"},
    {"group": "first", "at": "Monday 10:15", "site": "wikipedia.org", "expect": "block", "because": "not on list"},
    {"group": "first", "at": "Sunday 23:15", "site": "school.example", "expect": "allow", "because": "own rule"}
  ]
})";

ListContents contents() {
    ListContents out;
    out.list = [](const RuleFile::List& list, std::size_t) -> Result<std::string> {
        if (list.file == "adult.txt") return std::string("nude.example\n");
        if (list.file == "games.hosts") return std::string("0.0.0.0 play.example\n");
        if (list.file == "allow.txt") return std::string("fine.nude.example\n");
        return Error{"no such file", list.file, {}};
    };
    out.include = [](const RuleFile::List&, std::size_t, const std::string&) { return std::nullopt; };
    return out;
}

Policy policy_of(const RuleFile& file) {
    auto out = policy_of_nobody(compile_rule_file(file, contents(), HashKey{1, 2})->ruleset);
    put_rule_file(out, file, [](const std::string& name) {
        return name == "year7" ? std::optional<std::uint32_t>(1007) : std::nullopt;
    });
    return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::string faults(const std::string& text) {
    const auto reading = read_rule_file(text, "f");
    EXPECT_EQ(reading.file.has_value(), reading.problems.empty());
    std::string out;
    for (const auto& problem : reading.problems) out += problem.text() + "\n";
    return out;
}

TEST(RuleFile, OfASchoolPassesItsOwnTests) {
    const auto reading = read_rule_file(school, "school.hort.json");
    ASSERT_TRUE(reading.file) << faults(school);
    EXPECT_EQ(reading.file->serial, 7);
    EXPECT_EQ(reading.file->tests.size(), 14u);
    const auto policy = policy_of(*reading.file);
    for (const auto& failure : run_cases(*reading.file, policy)) ADD_FAILURE() << failure.what;
}

TEST(RuleFile, AFailingTestSaysWhatItGot) {
    const auto text = replaced(school, "\"site\": \"play.example\", \"expect\": \"block\"",
                               "\"site\": \"play.example\", \"expect\": \"allow\"");
    const auto file = *read_rule_file(text, "f").file;
    const auto failed = run_cases(file, policy_of(file));
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(failed[0].place.line, 38);
    EXPECT_NE(failed[0].what.find("expected allow because of category games, got block because of category games"),
              std::string::npos)
        << failed[0].what;
    const auto other = *read_rule_file(replaced(school, "own rule forum.example", "own rule example"), "f").file;
    EXPECT_EQ(run_cases(other, policy_of(other)).size(), 1u) << "the reason counts as well";
}

TEST(RuleFile, GroupsAreFoundByAccountAndNetwork) {
    const auto policy = policy_of(*read_rule_file(school, "f").file);
    const auto address = [](const char* text) { return parse_network(text)->address; };
    EXPECT_EQ(policy.subject(1007, address("127.0.0.1")).profile->name, "year7");
    EXPECT_EQ(policy.subject({}, address("10.7.3.9")).profile->name, "year7");
    EXPECT_EQ(policy.subject({}, address("10.8.3.9")).profile->name, "household");
    EXPECT_TRUE(policy.subject({}, address("10.8.3.9")).profile->is_supervised) << "default_profile is the pupils'";
    const auto* first = policy.subject_named("first").profile;
    EXPECT_TRUE(first->is_allow_list_only && first->has_safe_search);
    EXPECT_EQ(first->restricted_mode, RestrictedMode::strict);
}

// Each mistake once: what is put in place of what, and what the message has to say.
TEST(RuleFile, NamesEveryMistakeWithItsPlaceAndTheNearestWord) {
    const std::tuple<const char*, const char*, std::vector<const char*>> mistakes[] = {
        {"\"name\": \"am-hort\"", "\"name\": \"Am Hort!\"", {"f:3:11", "is no name"}},
        {"\"name\": \"am-hort\"", "\"name\": \"../etc\"", {"f:3:11", "is no name"}},
        {"\"name\": \"am-hort\", ", "", {"f:1:1", "\"name\" is missing"}},
        {"\"serial\": 7", "\"serial\": 0", {"f:3:", "at least 1"}},
        {"\"serial\": 7", "\"serial\": 1.5", {"f:3:", "whole number"}},
        {"\"serial\": 7", "\"serial\": \"7\"", {"f:3:", "expected a number"}},
        {"\"lists\"", "\"list\"", {"f:4:3", "did you mean \"lists\""}},
        {"\"category\": \"adult\"", "\"category\": \"adlut\"", {"f:5:18", "no such category", "adult"}},
        {"\"category\": \"adult\", ", "", {"f:5:5", "\"category\" is missing"}},
        {"\"file\": \"adult.txt\"", "\"file\": \"../adult.txt\"", {"f:5:35", "leaves the folder"}},
        {"\"file\": \"adult.txt\"", "\"file\": \"/etc/passwd\"", {"f:5:35", "leaves the folder"}},
        {"\"file\": \"adult.txt\"", "\"url\": \"ftp://x/\"", {"f:5:34", "https://"}},
        {", \"file\": \"adult.txt\"", "", {"f:5:5", "\"file\" or a \"url\""}},
        {"\"format\": \"hosts\"", "\"format\": \"hots\"", {"f:6:", "did you mean \"hosts\""}},
        {"\"scope\": \"exact\"", "\"scope\": \"exakt\"", {"f:6:", "did you mean \"exact\""}},
        {"\"allow\": true, \"file\": \"allow.txt\"",
         "\"allow\": true, \"category\": \"adult\", \"file\": \"a\"",
         {"f:7:", "an allow-list has no category"}},
        {"\"id\": \"quiz\"", "\"id\": \"games\"", {"f:9:", "a category is called \"games\""}},
        {"\"hosts\": [\"quiz.example\"]", "\"hosts\": [\"quiz\"]", {"f:9:", "no site"}},
        {"\"hosts\": [\"quiz.example\"]", "\"hosts\": \"quiz.example\"", {"f:9:", "expected an array"}},
        {"2026-10-12..2026-10-24", "2026-10-24..2026-10-12", {"f:10:27", "ends before it begins"}},
        {"2026-10-12..2026-10-24", "2026-10-32", {"f:10:27", "not a day"}},
        {"\"mon-fri\": [\"08:00-13:15\"]", "\"mon-fry\": [\"08:00-13:15\"]", {"f:12:29", "is no weekday"}},
        {"\"08:00-13:15\"", "\"08:00-25:15\"", {"f:12:41", "not a time of day"}},
        {"\"08:00-13:15\"", "\"08:00\"", {"f:12:41", "not a window"}},
        {"\"not_on\": [\"autumn\"]", "\"not_on\": [\"autum\"]", {"f:12:", "did you mean \"autumn\""}},
        {"\"tier\": \"12-15\"", "\"tier\": \"12-16\"", {"f:16:", "no age tier"}},
        {"\"tier\": \"12-15\", ", "", {"f:16:", "neither \"tier\" nor \"inherits\""}},
        {"\"what\": \"video\"", "\"what\": \"vidoe\"", {"f:16:", "did you mean \"video\""}},
        {"\"during\": \"lessons\"", "\"during\": \"lesons\"", {"f:16:", "did you mean \"lessons\""}},
        {"\"tiktok\"", "\"tiktokk\"", {"f:16:", "did you mean \"tiktok\""}},
        {"\"online\": \"day\"", "\"online\": \"days\"", {"f:17:", "did you mean \"day\""}},
        {"\"inherits\": \"pupils\"", "\"inherits\": \"pupil\"", {"f:18:", "did you mean \"pupils\""}},
        {"\"inherits\": \"pupils\"", "\"inherits\": \"year7\"", {"f:18:", "inherits from itself"}},
        {"\"restricted_mode\": \"strict\"", "\"restricted_mode\": \"strickt\"", {"f:19:", "did you mean \"strict\""}},
        {"\"allow_list_only\": true", "\"allow_list_only\": 1", {"f:19:", "expected true or false"}},
        {"{\"profile\": \"first\"}", "{\"profile\": \"fist\"}", {"f:24:", "did you mean \"first\""}},
        {"10.7.0.0/16", "10.7.0.1/16", {"f:23:"}},
        {"\"default_profile\": \"pupils\"", "\"default_profile\": \"pupls\"", {"f:26:", "did you mean \"pupils\""}},
        {"\"group\": \"year7\", \"at\"", "\"group\": \"year8\", \"at\"", {"f:28:15", "did you mean \"year7\""}},
        {"Monday 10:15", "Mnday 10:15", {"f:28:", "neither a weekday nor a day"}},
        {"Monday 10:15", "Monday", {"f:28:", "not a time"}},
        {"\"expect\": \"block\"", "\"expect\": \"blocked\"", {"f:28:", "did you mean \"block\""}},
        {"\"category video\"", "\"category vidio\"", {"f:28:", "no such category"}},
        {"\"category video\"", "\"a bad day\"", {"f:28:", "is no reason"}},
        {"\"serial\": 7,", "\"serial\": 7", {"f:4:"}},
    };
    for (const auto& [from, to, words] : mistakes) {
        const auto said = faults(replaced(school, from, to));
        for (const auto* word : words) EXPECT_NE(said.find(word), std::string::npos) << to << "\n" << said;
    }
}

TEST(RuleFile, ReportsAllMistakesAtOnce) {
    auto text = replaced(school, "\"adult\"", "\"adlut\"");
    text = replaced(text, "\"tiktok\"", "\"tiktokk\"");
    text = replaced(text, "Monday 10:15", "Mnday 10:15");
    EXPECT_EQ(read_rule_file(text, "f").problems.size(), 3u) << faults(text);
}

TEST(RuleFile, ADamagedOneIsNeverTakenHalf) {
    const std::string text = school;
    for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
        const auto reading = read_rule_file(std::string_view(text).substr(0, size), "f");
        EXPECT_FALSE(reading.file) << size;
        EXPECT_FALSE(reading.problems.empty()) << size;
    }
}

TEST(RuleFile, AListThatCannotBeHadFailsTheWhole) {
    const auto file = *read_rule_file(replaced(school, "adult.txt", "missing.txt"), "f").file;
    const auto compiled = compile_rule_file(file, contents(), {});
    ASSERT_FALSE(compiled);
    EXPECT_NE(compiled.error().text().find("missing.txt"), std::string::npos);
}

TEST(RuleFile, ChangesAreToldNameByNameAndProfileByProfile) {
    const auto old = *read_rule_file(school, "f").file;
    auto text = replaced(school, "\"tiktok\"]", "\"tiktok\", \"roblox\"]");
    text = replaced(text, "08:00-13:15", "08:00-14:00");
    const auto now = *read_rule_file(text, "f").file;
    const std::vector<Bundle::File> before = {{"adult.txt", "nude.example\nold.example\n"}},
                                    after = {{"adult.txt", "nude.example\nnew.example\n"}};
    const auto changes = changes_between(&old, before, now, after);
    EXPECT_EQ(changes.names, (std::vector<std::string>{"- adult old.example", "+ adult new.example"}));
    const auto has = [&](const std::string& line) {
        return std::find(changes.profiles.begin(), changes.profiles.end(), line) != changes.profiles.end();
    };
    EXPECT_TRUE(has("pupils: + block roblox"));
    EXPECT_TRUE(has("year7: + block roblox")) << "by inheritance";
    EXPECT_FALSE(has("year7: + block tiktok")) << "year7 allows it itself";
    const auto first = changes_between(nullptr, {}, now, after);
    EXPECT_EQ(first.added_names, 2u);
    EXPECT_EQ(changes_between(&now, after, now, after).profiles.size(), 0u);
}

// An editor that follows the schema and the reader have to know the same keys.
TEST(RuleFile, TheSchemaNamesTheKeysOfTheReader) {
    const auto schema = parse_json_text(data::rule_file_schema_json, "schema");
    ASSERT_TRUE(schema) << schema.error().text();
    const auto* properties = schema->find("properties");
    // Every key of the schema is accepted by the reader, and one that it does not have is not.
    for (const auto& member : properties->members) {
        const auto said = faults("{\"" + member.key + "\": null}");
        EXPECT_EQ(said.find("there is no key \"" + member.key), std::string::npos) << said;
    }
    const auto keys_of = [](const JsonNode& object) {
        std::string out;
        for (const auto& member : object.members) out += member.key + " ";
        return out;
    };
    const auto of_items = [&](const char* key) {
        return keys_of(*properties->find(key)->find("items")->find("properties"));
    };
    const auto of_members = [&](const char* key) {
        return keys_of(*properties->find(key)->find("additionalProperties")->find("properties"));
    };
    const auto probe = [&](const std::string& keys, const std::string& before, const std::string& after) {
        std::string key;
        for (const char c : keys) {
            if (c != ' ') {
                key += c;
                continue;
            }
            const auto said = faults(before + "{\"" + key + "\": null}" + after);
            EXPECT_EQ(said.find("there is no key"), std::string::npos) << key << "\n" << said;
            key.clear();
        }
    };
    probe(of_items("lists"), "{\"lists\": [", "]}");
    probe(of_items("services"), "{\"services\": [", "]}");
    probe(of_items("tests"), "{\"tests\": [", "]}");
    probe(of_members("schedules"), "{\"schedules\": {\"x\": ", "}}");
    probe(of_members("profiles"), "{\"profiles\": {\"x\": ", "}}");
    probe(of_members("groups"), "{\"groups\": {\"x\": ", "}}");
    EXPECT_NE(faults("{\"nonsense\": 1}").find("there is no key"), std::string::npos);
}

}  // namespace
}  // namespace hort
