// Everything that can be wrong, and what mends it.
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "platform/accounts.h"
#include "platform/clock.h"
#include "platform/clock_watch.h"
#include "platform/confinement.h"
#include "platform/mapped_file.h"
#include "platform/program.h"

namespace hort::control::handlers {

using nlohmann::json;

Result<json> doctor(Household& household, const Caller&, const json&) {
    json checks = json::array();
    const auto add = [&](const char* state, std::string what, std::string fix = {}) {
        checks.push_back({{"state", state}, {"what", std::move(what)}, {"fix", std::move(fix)}});
    };
    // The database.
    std::string verdict;
    const auto checked = household.database.run("PRAGMA quick_check(1)", {},
                                                [&](const store::Database::Row& row) { verdict = row.text(0); });
    if (checked && verdict == "ok")
        add("good", "The database is sound.");
    else
        add("bad", "The database is damaged: " + (checked ? verdict : checked.error().text()),
            "stop hortd, keep a copy of hort.db, and 'hortctl import' the last export");
    // Lists.
    const auto& library = household.keeper.library();
    if (library.lists.empty())
        add("bad", "No list is there: categories block nothing but services.", "hortctl lists add defaults");
    else
        add("good", std::to_string(household.policy.load()->ruleset->entry_count()) + " names from " +
                        std::to_string(library.lists.size()) + " lists are in force.");
    for (const auto& warning : library.warnings) add("warning", warning, "hortctl lists");
    if (const auto subscriptions = household.records.subscriptions())
        for (const auto& one : *subscriptions)
            if (!one.problem.empty())
                add("warning", "The list " + one.url + " is not up to date: " + one.problem,
                    "hortctl lists show " + std::to_string(one.id));
    // People.
    const auto everyone = household.people.all();
    if (!everyone) return everyone.error();
    bool has_children = false;
    for (const auto& person : *everyone) {
        if (person.is_profile || person.tier == Tier::adult) continue;
        has_children = true;
        if (person.accounts.empty() && person.devices.empty())
            add("bad", "No account and no device is " + person.name + "'s: its rules hold for nothing.",
                "hortctl child set " + person.name + " --account ACCOUNT");
        for (const auto& account : person.accounts) {
            const auto id = platform::account_id(account);
            if (!id)
                add("bad", "The account " + account + " of " + person.name + " is not on this machine any more.",
                    "hortctl child set " + person.name + " --unbind " + account);
            else if (*id == 0 || platform::is_in_group(*id, "hort"))
                add("bad",
                    "The account " + account + " of " + person.name + " is a guardian's: it can change every rule.",
                    "take it out of the group hort");
            else if (platform::is_in_group(*id, "sudo") || platform::is_in_group(*id, "wheel"))
                add("bad",
                    "The account " + account + " of " + person.name + " may become root (sudo): it can end Hort.",
                    "take it out of that group: gpasswd -d " + account + " sudo");
        }
    }
    if (!has_children) add("bad", "Nobody is set up.", "hortctl setup");
    // Time.
    if (const auto problem = household.timekeeper.session_problem(); problem.empty())
        add("good", "The session manager tells who is at the computer.");
    else
        add("warning",
            "Nobody tells of sessions (" + problem + "): use is told by traffic only, and nothing is locked.",
            "run hortd as root on a machine with systemd-logind or elogind");
    if (platform::is_clock_synchronised())
        add("good", "A time server vouches for the clock.");
    else
        add("warning", "No time server vouches for the clock: hours follow whoever sets it.",
            "timedatectl set-ntp true");
    if (household.people.setting("pin").empty())
        add("warning", "No PIN is set: a guardian cannot change anything from a child's session.", "hortctl pin set");
    // The firewall.
    const auto count = [](std::size_t number, const std::string& what) {
        return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
    };
    if (const auto firewall = household.enforcement(); !firewall) {
        add("warning", "Nothing holds the children's programs: they may ask other resolvers and leave out the proxy.",
            "start hortd as root with --enforce");
    } else if (firewall->accounts == 0 && firewall->interfaces.empty()) {
        add("warning", "The firewall holds nobody: no child has an account on this machine.",
            "hortctl child set NAME --account ACCOUNT");
    } else if (!firewall->is_there) {
        add("bad", "The firewall's table 'inet hort' is not there: nothing holds the children's programs.",
            "restart hortd; its log says why");
    } else {
        auto text = "The firewall (table 'inet hort') holds " + count(firewall->accounts, "account") +
                    ": DNS and the web go to ports of its own each, encrypted DNS and HTTP/3 are refused.";
        if (firewall->closed > 0) text += " Closed now: " + std::to_string(firewall->closed) + ".";
        add("good", std::move(text));
        std::string names;
        for (const auto& name : firewall->interfaces) names += (names.empty() ? "" : ", ") + name;
        if (!names.empty())
            add("good", "It holds " + count(firewall->devices, "known device") + " behind " + names + ", and " +
                            (firewall->holds_others ? "those that nobody knows" : "none that nobody knows") + ".");
        if (!firewall->programs)
            add("warning", "Blocked programs can be started: the kernel asks nobody.",
                "run hortd as root; its log says why");
        else if (*firewall->programs > 0)
            add("good", "The kernel asks about " + count(*firewall->programs, "file") + " of programs with rules.");
        if (!firewall->copy_problem.empty())
            add("warning", "Copies of blocked programs can be started: " + firewall->copy_problem, "see hortd's log");
        if (firewall->copies > 0) {
            add("good", "Copies of " + count(firewall->copies, "program") + " are known by what is in them.");
            std::string open;
            for (const char* folder : {"/tmp", "/var/tmp", "/dev/shm", "/home"})
                if (platform::runs_programs(folder)) open += (open.empty() ? "" : ", ") + std::string(folder);
            if (!open.empty())
                add("warning", "Programs that a child writes can be started from " + open + ".",
                    "where no grown-up needs that, mount them with noexec");
            if (const auto sealed = platform::read_file("/proc/sys/vm/memfd_noexec", 16); sealed && *sealed == "0\n")
                add("warning", "A program can be started from memory, where no copy is seen.",
                    "sysctl vm.memfd_noexec=2, unless a program needs it");
        }
        if (!firewall->hold_problem.empty())
            add("warning",
                "A program whose time is up is ended, not stopped until there is time again: " + firewall->hold_problem,
                "mount cgroup v2");
        if (firewall->has_worker)
            add("good", std::string("What strangers send is read by the account ") + platform::worker_account +
                            ", which may do nothing on this machine.");
        else
            add("warning", "What strangers send is read by root: who finds a fault in Hort has the machine.",
                std::string("useradd --system --no-create-home --shell /usr/sbin/nologin ") + platform::worker_account +
                    ", and restart hortd");
        if (!firewall->fails_closed)
            add("warning", "When hortd ends, nothing holds the children's programs.",
                "\"fail\": \"closed\" in hort.json");
    }
    // Who asks us.
    const auto resolv = platform::read_file("/etc/resolv.conf", 64 << 10);
    const auto address = household.dns.substr(0, household.dns.rfind(':'));
    if (household.dns.ends_with(":53") && resolv && resolv->find(address) != std::string::npos)
        add("good", "This machine asks Hort for names.");
    else
        add("warning", "This machine's programs ask another resolver than " + household.dns + ".",
            household.dns.ends_with(":53")
                ? "write 'nameserver " + address + "' into /etc/resolv.conf"
                : "start hortd with --dns " + address + ":53 as root, and let /etc/resolv.conf name it");
    return json{{"checks", std::move(checks)}};
}

}  // namespace hort::control::handlers
