#include "ctl/setup.h"

#include <optional>

#include "ctl/commands.h"
#include "rules/category.h"
#include "rules/local_time.h"

namespace hort::ctl {
namespace {

using nlohmann::json;

constexpr int max_tries = 5;

class Dialogue {
  public:
    Dialogue(std::FILE* in, std::FILE* out) : in_(in), out_(out) {}

    // nullopt at the end of the input.
    std::optional<std::string> ask(const std::string& question) {
        std::fprintf(out_, "%s ", question.c_str());
        std::fflush(out_);
        std::string line;
        int c = std::fgetc(in_);
        if (c == EOF) {
            std::fputs("\n", out_);
            return std::nullopt;
        }
        for (; c != '\n' && c != EOF; c = std::fgetc(in_))
            if (line.size() < 200) line += static_cast<char>(c);
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
        while (!line.empty() && line.front() == ' ') line.erase(0, 1);
        return line;
    }
    void say(const std::string& text) { std::fprintf(out_, "%s\n", text.c_str()); }

    // Asks until the table accepts it as that parameter of `child add`; empty is accepted where `may_be_empty`.
    Result<json> ask_for(const std::string& question, const char* parameter, bool may_be_empty) {
        const auto* command = find_method("child.add");
        for (int i = 0; i < max_tries; ++i) {
            const auto answer = ask(question);
            if (!answer) return Error{"nothing was changed", {}, {}};
            if (answer->empty() && may_be_empty) return json();
            const json value = *answer;
            json params = {{"name", "x"}};
            params[parameter] = value;
            const auto checked = check_parameters(*command, params);
            if (checked) return checked->at(parameter);
            say("  " + checked.error().text());
        }
        return Error{"too many wrong answers; nothing was changed", {}, {}};
    }

    std::optional<bool> yes(const std::string& question) {
        for (int i = 0; i < max_tries; ++i) {
            const auto answer = ask(question + " [Y/n]");
            if (!answer) return std::nullopt;
            if (answer->empty() || *answer == "y" || *answer == "Y" || *answer == "yes") return true;
            if (*answer == "n" || *answer == "N" || *answer == "no") return false;
            say("  y or n, please");
        }
        return std::nullopt;
    }

  private:
    std::FILE *in_, *out_;
};

}  // namespace

Result<SetupOutcome> run_setup(std::FILE* in, std::FILE* out, const Call& call) {
    Dialogue dialogue(in, out);
    const Error nothing{"nothing was changed", {}, {}};
    dialogue.say(
        "A few questions, and the filter is in force for a child. Ctrl-C ends this; nothing is changed before the\n"
        "last answer.\n");
    const auto name = dialogue.ask_for("What is the child called?", "name", false);
    if (!name) return name.error();
    const auto child = name->get<std::string>();
    json params = {{"name", child}};
    auto tier = Tier::adult;
    for (int i = 0;; ++i) {
        const auto answer = dialogue.ask("How old is " + child + "? (or the day of birth, such as 2014-03-28)");
        if (!answer) return nothing;
        if (const auto born = parse_day(*answer)) {
            params["born"] = *answer;
            break;
        }
        if (!answer->empty() && answer->size() < 4 && answer->find_first_not_of("0123456789") == std::string::npos &&
            std::stoi(*answer) <= 120) {
            params["age"] = std::stoi(*answer);
            tier = tier_of_age(std::stoi(*answer));
            dialogue.say(tier == Tier::adult ? "  18 and over: not supervised."
                                             : "  That is the age tier " + std::string(name_of(tier)) + ".");
            break;
        }
        dialogue.say("  a number of years, for example 9, or a day such as 2014-03-28");
        if (i + 1 == max_tries) return Error{"too many wrong answers; nothing was changed", {}, {}};
    }
    const auto ask_whose = [&]() -> Status {
        for (const auto& [question, key] :
             {std::pair("Which account of this computer does " + child + " use? (none: Enter)", "account"),
              std::pair("The address of a device that only " + child + " uses, such as 192.168.1.20? (none: Enter)",
                        "device")}) {
            const auto answer = dialogue.ask_for(question, key, true);
            if (!answer) return answer.error();
            params.erase(key);
            if (!answer->is_null()) params[key] = *answer;
        }
        return Done{};
    };
    if (auto asked = ask_whose(); !asked) return asked.error();
    const auto wants_lists =
        dialogue.yes("Fetch the lists that Hort recommends now? (some 100 MB from their publishers)");
    if (!wants_lists) return nothing;
    const auto is_agreed = dialogue.yes("Put this in force for " + child + "?");
    if (!is_agreed || !*is_agreed) return nothing;

    auto added = call("child.add", params);
    // Most often an account that is spelled otherwise: the other answers are not lost.
    for (int i = 1; !added && i < max_tries; ++i) {
        dialogue.say("  " + added.error().text());
        if (auto asked = ask_whose(); !asked) return asked.error();
        added = call("child.add", params);
    }
    if (!added) return added.error();
    dialogue.say("\n" + added->at("message").get<std::string>());
    dialogue.say(
        "\nWorth trying next:\n"
        "  hortctl child show " +
        child +
        "\n"
        "  hortctl block " +
        child +
        " tiktok\n"
        "  hortctl hours set " +
        child +
        " mon-fri 15:00-19:30\n"
        "  hortctl explain " +
        child + " www.tiktok.com");
    return SetupOutcome{child, *wants_lists};
}

}  // namespace hort::ctl
