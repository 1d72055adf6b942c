#include "ctl/commands.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "ctl/command_line.h"
#include "ctl/completion.h"
#include "ctl/help.h"
#include "ctl/manual.h"
#include "ctl/render.h"
#include "ctl/update_progress.h"

namespace hort::ctl {
namespace {

using nlohmann::json;

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> out;
    while (!line.empty()) {
        out.emplace_back(line.substr(0, line.find(' ')));
        line.remove_prefix(std::min(line.size(), out.back().size() + 1));
    }
    return out;
}

TEST(CommandTable, EveryCommandHasHelpAndAnExampleThatParsesToItself) {
    std::set<std::string_view> names;
    for (const auto& command : all_commands()) {
        EXPECT_TRUE(names.insert(command.name).second) << command.name;
        EXPECT_TRUE(command.help.ends_with('.')) << command.name;
        auto example = words(command.example);
        ASSERT_EQ(example.at(0), "hortctl");
        example.erase(example.begin());
        const auto line = parse_command_line(example);
        ASSERT_TRUE(line) << command.example << ": " << line.error().text();
        EXPECT_EQ(line->command, &command) << command.example;
        EXPECT_EQ(find_method(command.method()), command.is_local ? nullptr : &command);
        const auto help = help_text(command.name);
        EXPECT_NE(help.find(command.usage()), std::string::npos);
        for (const auto& parameter : command.parameters)
            EXPECT_NE(help.find(parameter.help), std::string::npos) << command.name;
        EXPECT_NE(help_text("").find(command.help), std::string::npos);
    }
    EXPECT_EQ(find_method("nothing"), nullptr);
}

TEST(CommandTable, RequiredParametersStandBeforeOptions) {
    for (const auto& command : all_commands()) {
        bool seen_option = false;
        for (const auto& parameter : command.parameters) {
            if (parameter.is_option)
                seen_option = true;
            else
                EXPECT_FALSE(seen_option) << command.name;
        }
    }
}

std::string refused(const std::string& method, const json& params) {
    const auto checked = check_parameters(*find_method(method), params);
    return checked ? "accepted " + checked->dump() : checked.error().text();
}

TEST(CommandTable, AWrongParameterIsNamedWithWhatIsExpected) {
    EXPECT_EQ(refused("block", {{"child", "mia"}}),
              "parameter subject: is missing (usage: hortctl block CHILD SITE|SERVICE|CATEGORY; for example: hortctl "
              "block mia "
              "tiktok.com)");
    EXPECT_EQ(refused("child.add", {{"name", "mia"}, {"age", 121}}),
              "parameter age: 121 is not one (expected a whole number from 0 to 120)");
    EXPECT_EQ(refused("child.add", {{"name", "a b"}}),
              "parameter name: \"a b\" is no name (expected up to 32 letters, digits, '-' and '_', for example mia)");
    EXPECT_EQ(refused("child.add", {{"name", "mia"}, {"devise", "x"}}),
              "devise: no such parameter (did you mean device?)");
    EXPECT_NE(refused("block", {{"child", "mia"}, {"subject", "gamblin"}}).find("did you mean 'gambling'?"),
              std::string::npos);
    EXPECT_NE(
        refused("block", {{"child", "mia"}, {"subject", "a b.org"}}).find("the octet ' ' may not stand in a host name"),
        std::string::npos);
    EXPECT_NE(refused("block", json::array()).find("params is not an object"), std::string::npos);
    EXPECT_NE(refused("block", {{"child", {1, 2}}, {"subject", "a.org"}}).find("is not text"), std::string::npos);
    EXPECT_NE(refused("child.add", {{"name", "mia"}, {"device", std::vector<std::string>(65, "1.2.3.4")}})
                  .find("more than 64 values"),
              std::string::npos);
}

TEST(CommandTable, SitesComeOutAsHostNames) {
    EXPECT_EQ(refused("block", {{"child", "mia"}, {"subject", "HTTPS://www.Example.org:8443/path?q#f"}}),
              R"(accepted {"child":"mia","subject":"www.example.org"})");
    EXPECT_EQ(refused("block", {{"child", "mia"}, {"subject", "gambling"}}),
              R"(accepted {"child":"mia","subject":"gambling"})");
    EXPECT_EQ(refused("status", nullptr), "accepted {}");
}

TEST(CommandLine, OptionsMayStandAnywhereAndRepeat) {
    const auto line =
        parse_command_line(words("child --device 10.0.0.1 add mia --age=9 --json --device ::1 --data /tmp/x"));
    ASSERT_TRUE(line) << line.error().text();
    EXPECT_EQ(line->params, (json{{"name", "mia"}, {"age", 9}, {"device", {"10.0.0.1", "::1"}}}));
    EXPECT_EQ(line->data, "/tmp/x");
    EXPECT_TRUE(line->is_json);
}

TEST(CommandLine, MistakesSayWhatIsMeant) {
    const auto said = [](std::string_view text) {
        const auto line = parse_command_line(words(text));
        return line ? std::string("accepted") : line.error().text();
    };
    EXPECT_EQ(said("statsu"), "statsu: no such command (did you mean 'status'?)");
    EXPECT_EQ(said("child"),
              "child: incomplete command (one of: child add, child set, child list, child show, child remove, child "
              "promote)");
    EXPECT_EQ(said("status --age"), "--age: needs a value (for example --age VALUE)");
    EXPECT_EQ(said("child add mia --age 9 --age 10"), "--age: given twice");
    EXPECT_EQ(said("status now"), "now: one word too many (usage: hortctl status)");
    EXPECT_EQ(said("help"), "accepted");
    EXPECT_EQ(said(""), "accepted");
}

TEST(Render, TellsAParentWhatToDoNext) {
    EXPECT_EQ(render("child list", {{"children", json::array()}}),
              "Nobody is set up yet. 'hortctl setup' asks a few questions and puts the filter in force.\n");
    EXPECT_EQ(render("explain", {{"sentence", "a.org is blocked."},
                                 {"sources", {{{"list", "x/y"}, {"line", 3}, {"entry", "a.org"}}}}}),
              "a.org is blocked.\n  x/y:3  a.org\n");
    EXPECT_EQ(render("block", {{"message", "done"}}), "done\n");
}

TEST(ProgressBar, CountsAListThatIsHalfThereHalf) {
    EXPECT_EQ(progress_bar(0, 2, 0, 0, 80), "[....................] 0/2");
    EXPECT_EQ(progress_bar(1, 2, 0, 0, 80), "[##########..........] 1/2");
    EXPECT_EQ(progress_bar(1, 2, 1 << 20, 2 << 20, 80), "[###############.....] 1/2  1.0 of 2.0 MiB");
    EXPECT_EQ(progress_bar(1, 2, 3 << 20, 0, 80), "[##########..........] 1/2  3.0 MiB");
    EXPECT_EQ(progress_bar(2, 2, 0, 0, 80), "[####################] 2/2");
    EXPECT_EQ(progress_bar(2, 2, 5, 5, 80), "[####################] 2/2  0.0 of 0.0 MiB") << "never more than full";
    EXPECT_EQ(progress_bar(0, 0, 0, 0, 80), "[####################] 0/0");
    EXPECT_EQ(progress_bar(1, 2, 9 << 20, 1 << 20, 10).size(), 10u) << "never wider than the terminal";
}

TEST(CommandTable, CategoriesMayBeCalledByOtherWords) {
    EXPECT_EQ(refused("block", {{"child", "mia"}, {"subject", "video"}}),
              "accepted {\"child\":\"mia\",\"subject\":\"streaming\"}");
}

TEST(ManualPage, HasEveryCommandAndNoStrayMacro) {
    const auto page = manual_page();
    std::size_t macros = 0;
    for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1) {
        if (page[at] == '.') ++macros;
        EXPECT_NE(page[at], '\'');
        if (page.find('\n', at) == std::string::npos) break;
    }
    EXPECT_GT(macros, all_commands().size() * 3);
    EXPECT_NE(page.find("child add NAME [\\-\\-age AGE]"), std::string::npos) << page.substr(0, 2000);
    for (const auto& command : all_commands())
        EXPECT_NE(page.find(".B " + std::string(command.name)), std::string::npos) << command.name;
}

std::string completed(const std::vector<std::string>& given) {
    std::string out;
    for (const auto& word : complete(given, {"mia", "tom"})) out += (out.empty() ? "" : " ") + word;
    return out;
}

TEST(Completion, OffersCommandsNamesAndOptionsFromTheTable) {
    EXPECT_EQ(completed({"ex"}), "explain export");
    EXPECT_EQ(completed({"budget", "set", "mia", "1h", "--per", ""}), "day week month");
    EXPECT_EQ(completed({"child", ""}), "add set list show remove promote");
    EXPECT_EQ(completed({"rules", "s"}), "sign schema status");
    EXPECT_EQ(completed({"block", ""}), "mia tom");
    EXPECT_EQ(completed({"block", "m"}), "mia");
    EXPECT_EQ(completed({"--data", "d", "--json", "block", "m"}), "mia");
    EXPECT_EQ(completed({"block", "mia", "gamb"}), "gambling");
    EXPECT_EQ(completed({"block", "mia", "roblo"}), "roblox");
    EXPECT_EQ(completed({"pause", "--"}), "--all --for");
    EXPECT_EQ(completed({"pause", "mia", "--for", "1"}), "15m 1h");
    EXPECT_EQ(completed({"ask", ""}), "time site");
    EXPECT_EQ(completed({"lists", "add", "https://x/", "--category", "gam"}), "gambling games");
    EXPECT_EQ(completed({"lists", "add", "https://x/", "--format", "dns"}), "dnsmasq");
    EXPECT_EQ(completed({"hours", "s"}), "set") << "a command goes before a child whose name begins likewise";
    EXPECT_EQ(completed({"nonsense", ""}), "");
    EXPECT_EQ(completed({}), "");
    for (const char* shell : {"bash", "zsh", "fish"}) EXPECT_TRUE(completion_script(shell)) << shell;
    EXPECT_FALSE(completion_script("csh"));
}

}  // namespace
}  // namespace hort::ctl
