// Looking into TLS: on, off, the machine's certificate, sites that are left alone.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "daemon/settings.h"
#include "rules/intercept_bypass.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

constexpr std::string_view meaning =
    "What this means: between the children's browsers and the web this machine now reads what is encrypted, to filter "
    "pages, "
    "searches and downloads in https like in http, and to show why something is blocked. It speaks for the sites with "
    "certificates of its own, which only devices take that were told to trust it. Nothing of it is kept or sent "
    "anywhere. "
    "Programs that take no other certificate than their maker's stop working until the site is left alone (three "
    "refusals "
    "do that by themselves, for a day). Never looked into: help, health, banks and payment, authorities, updates, "
    "adults. "
    "Tell your children.";

std::string how_to_install(const Interception::AuthorityState& authority) {
    return "Trust it on each device of the children (and on no other):\n"
           "  Debian, Ubuntu     sudo cp " +
           authority.file +
           " /usr/local/share/ca-certificates/hort.crt && sudo update-ca-certificates\n"
           "  Chromium, Chrome   Settings > Privacy > Security > Manage certificates > Authorities > Import; on "
           "Linux:\n"
           "                     certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Hort -i " +
           authority.file +
           "\n"
           "  Firefox            Settings > Privacy > Certificates > View Certificates > Authorities > Import\n"
           "  Windows            certutil -addstore Root hort.crt, as administrator\n"
           "  Android            Settings > Security > Encryption > Install a certificate > CA certificate\n"
           "  iPhone, iPad       open the file, install the profile, then Settings > General > About > Certificate "
           "Trust\n"
           "Fingerprint (SHA-256): " +
           authority.fingerprint;
}

Result<json> set_left_alone(Household& household, const Caller& caller, const std::vector<std::string>& sites,
                            std::string message) {
    std::string text;
    for (const auto& site : sites) text += (text.empty() ? "" : ",") + site;
    if (auto done = household.people.set_setting("intercept-left-alone", text, by(caller)); !done) return done.error();
    return in_force(household, {{"message", std::move(message)}});
}

}  // namespace

Result<json> intercept_on(Household& household, const Caller& caller, const json&) {
    const auto authority = household.interception.make_authority(false);
    if (!authority) return authority.error();
    if (auto done = household.people.set_setting("intercept", "on", by(caller)); !done) return done.error();
    return in_force(household,
                    {{"message", "Interception is on.\n\n" + std::string(meaning) + "\n\nIts certificate is " +
                                     authority->file + " ('hortctl intercept certificate' prints it). " +
                                     how_to_install(*authority) + "\n\n'hortctl intercept off' ends it."},
                     {"certificate", authority->file},
                     {"fingerprint", authority->fingerprint}});
}

Result<json> intercept_off(Household& household, const Caller& caller, const json&) {
    if (auto done = household.people.set_setting("intercept", "", by(caller)); !done) return done.error();
    return in_force(household, {{"message",
                                 "Interception is off. What is encrypted passes unseen from now on; names are "
                                 "still filtered. Remove the certificate from the devices that trust it."}});
}

Result<json> intercept_status(Household& household, const Caller&, const json&) {
    const Settings settings(household.people);
    json out = {{"on", settings.looks_into_tls()},
                {"left_alone", settings.left_alone()},
                {"left_alone_for_a_day", household.interception.left_alone()},
                {"shipped_exceptions", InterceptBypass::shipped().size()},
                {"certificate", nullptr},
                {"fingerprint", nullptr}};
    if (const auto authority = household.interception.authority()) {
        out["certificate"] = authority->file;
        out["fingerprint"] = authority->fingerprint;
    }
    return out;
}

Result<json> intercept_renew(Household& household, const Caller& caller, const json&) {
    const auto authority = household.interception.make_authority(true);
    if (!authority) return authority.error();
    (void)store::record_event(household.database, by(caller), "intercept renew", authority->fingerprint);
    return json{{"message", "There is a new key and a new certificate; the old one is worth nothing any more. " +
                                how_to_install(*authority)},
                {"certificate", authority->file},
                {"fingerprint", authority->fingerprint}};
}

Result<json> intercept_certificate(Household& household, const Caller&, const json&) {
    const auto authority = household.interception.authority();
    if (!authority) return authority.error();
    return json{{"pem", authority->pem}, {"message", authority->pem}};
}

Result<json> intercept_leave(Household& household, const Caller& caller, const json& params) {
    const auto site = params.at("site").get<std::string>();
    auto sites = Settings(household.people).left_alone();
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
    return set_left_alone(household, caller, sites, site + " and all below it is not looked into.");
}

Result<json> intercept_unleave(Household& household, const Caller& caller, const json& params) {
    const auto site = params.at("site").get<std::string>();
    auto sites = Settings(household.people).left_alone();
    if (std::erase(sites, site) == 0) {
        std::string why(InterceptBypass::shipped().reason(*Hostname::parse(site)));
        return Error{site + " is none of the sites that were left alone",
                     {},
                     why.empty() ? "'hortctl intercept status' shows them" : "it is always left alone: " + why};
    }
    return set_left_alone(household, caller, sites, site + " is looked into again.");
}

}  // namespace hort::control::handlers
