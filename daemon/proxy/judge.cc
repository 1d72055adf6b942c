#include "daemon/proxy/judge.h"

#include <chrono>

#include "platform/clock.h"
#include "rules/intercept_bypass.h"
#include "rules/url_path.h"

namespace hort::proxy {

namespace {

bool has_accounts(const Policy& policy) { return !policy.by_account.empty() || !policy.group_by_account.empty(); }

}  // namespace

Judge::Judge(const PolicyInForce& policy, DecisionLog& log, TrafficMeter& meter, std::shared_ptr<LiveConnections> live,
             std::function<void()> end)
    : policy_(policy), log_(log), meter_(meter), live_(std::move(live)), end_(std::move(end)) {
    live_->all.insert(this);
}

Judge::~Judge() { live_->all.erase(this); }

void Judge::meet(const platform::Endpoint& client, const platform::Endpoint& own, const Arrival& arrival) {
    is_redirected_ = arrival.is_redirected;
    remote_ = client;
    own_ = own;
    client_.address = client.address;
    client_.account = arrival.account;
    is_known_ = arrival.account.has_value();
}

void Judge::look_for_owner() {
    if (is_known_) return;
    client_.account = platform::socket_owner(platform::Transport::tcp, remote_, own_);
    is_known_ = client_.account.has_value();
}

bool Judge::is_nobodys() {
    if (!has_accounts(*policy_.load())) return false;
    look_for_owner();
    return !is_known_;
}

Subject Judge::subject(const Policy& policy) {
    if (is_redirected_ && has_accounts(policy)) look_for_owner();
    if (!is_known_ && (has_accounts(policy) || !policy.by_hardware.empty())) {
        client_ = client_of(policy, platform::Transport::tcp, remote_, own_);
        is_known_ = true;
    }
    return policy.subject(client_);
}

bool Judge::is_supervised() { return subject(*policy_.load()).profile->is_supervised; }

bool Judge::may_look_into(const Hostname& host) {
    const auto policy = policy_.load();
    return policy->looks_into_tls && hort::may_look_into(*policy, subject(*policy), host);
}

Ruling Judge::ask(const Hostname& host, std::string_view target) {
    return begin({host, {}, normal_url(host, target), std::string(target), {}, {}});
}

Ruling Judge::ask(const AddressBytes& address) { return begin({{}, address, {}, {}, {}, {}}); }

Ruling Judge::ask(const AddressBytes& address, const std::vector<Hostname>& names) {
    const auto policy = policy_.load();
    const auto who = subject(*policy);
    const auto now = platform::now();
    if (names.empty() || decide(*policy, who, Target::of_address(address), now).is_blocked()) return ask(address);
    for (auto it = names.rbegin(); it != names.rend(); ++it)
        if (!decide(*policy, who, *it, now).is_blocked()) return ask(*it);
    return ask(names.back());
}

Ruling Judge::would_say(const Hostname& host) {
    Ruling out;
    out.policy = policy_.load();
    out.who = subject(*out.policy);
    out.at = platform::now();
    out.decision = decide(*out.policy, out.who, host, out.at);
    out.site = std::string(host.text());
    if (out.is_blocked()) out.until = verdict_until(*out.policy, out.who, host, out.at);
    return out;
}

std::optional<Ruling> Judge::ask_answer(std::string_view media_type, std::string_view file_name) {
    if (passing_.empty() || passing_.back().url.empty()) return std::nullopt;
    const auto policy = policy_.load();
    if (subject(*policy).profile->web_rules.empty()) return std::nullopt;
    auto answered = std::move(passing_.back());
    passing_.pop_back();
    answered.is_answered = true;
    answered.media_type = media_type;
    answered.file_name = file_name;
    auto out = begin(std::move(answered));
    return out.is_blocked() ? std::optional(std::move(out)) : std::nullopt;
}

bool Judge::minds_content() {
    if (passing_.empty() || passing_.back().url.empty()) return false;
    const auto policy = policy_.load();
    const auto& profile = *subject(*policy).profile;
    return profile.is_supervised && profile.scans_content &&
           !(profile.ever_blocked() & Phrases::shipped().categories()).empty();
}

std::optional<Ruling> Judge::ask_content(const PhraseScores& scores) {
    if (passing_.empty()) return std::nullopt;
    Ruling out;
    out.policy = policy_.load();
    out.who = subject(*out.policy);
    out.at = platform::now();
    const auto& passing = passing_.back();
    auto target = passing.target();
    target.content = &scores;
    out.decision = decide(*out.policy, out.who, target, out.at);
    out.site = std::string(passing.host.text());
    if (out.is_blocked() || (out.decision.is_watched && out.decision.reason == Reason::content))
        log_.noted(Channel::proxy, out.who, passing.host, out.decision, out.at);
    if (!out.is_blocked()) return std::nullopt;
    out.until = verdict_until(*out.policy, out.who, target, out.at);
    return out;
}

Ruling Judge::begin(Passing passing) {
    Ruling out;
    out.policy = policy_.load();
    out.who = subject(*out.policy);
    const auto now = platform::now();
    out.at = now;
    out.decision = decide(*out.policy, out.who, passing.target(), now);
    out.site = passing.host.empty() ? platform::address_text(passing.address) : std::string(passing.host.text());
    // The answer to what was allowed is no second visit.
    const bool is_news = !passing.is_answered || out.is_blocked() || (out.decision.is_watched && !passing.was_watched);
    passing.was_watched = out.decision.is_watched;
    if (!passing.host.empty() && is_news) log_.noted(Channel::proxy, out.who, passing.host, out.decision, now);
    if (out.is_blocked()) {
        out.until = verdict_until(*out.policy, out.who, passing.target(), now);
        return out;
    }
    person_ = 0;
    if (!out.decision.leaves_a_trace()) return out;
    person_ = out.who.person != nullptr && out.who.profile->is_supervised ? out.who.person->id : 0;
    is_by_account_ = out.who.is_by_account;
    passing_.push_back(std::move(passing));
    note_traffic();
    if (live_->expect_change) live_->expect_change(out.decision.until);
    return out;
}

Ruling Judge::ask_where_it_leads(Ruling ruling, const Resolved& resolved) const {
    if (ruling.decision.covers_where_it_leads()) return ruling;
    const auto now = platform::now();
    for (const auto& name : resolved.names) {
        const auto decision = decide(*ruling.policy, ruling.who, name, now);
        if (!decision.is_about_target()) continue;
        ruling.decision = decision;
        return ruling;
    }
    if (!ruling.policy->ruleset->has_networks()) return ruling;
    for (const auto& address : resolved.addresses) {
        const auto decision = decide(*ruling.policy, ruling.who, Target::of_address(address), now);
        if (!decision.is_about_target()) continue;
        ruling.decision = decision;
        return ruling;
    }
    return ruling;
}

// What passes now counts for whom it passes.
void Judge::note_traffic() {
    if (person_ == 0) return;
    for (const auto& passing : passing_)
        if (!passing.host.empty()) meter_.passed(person_, passing.host, is_by_account_);
}

void Judge::rest() { resting_since_ = std::chrono::steady_clock::now().time_since_epoch().count(); }

void Judge::end() {
    work();
    end_();
}

std::optional<Moment> Judge::recheck(const Policy& policy, const Moment& now) {
    std::optional<Moment> until;
    if (passing_.empty()) return until;
    const auto who = subject(policy);
    for (const auto& passing : passing_) {
        const auto decision = decide(policy, who, passing.target(), now);
        if (decision.is_blocked()) {
            if (!passing.host.empty()) log_.noted(Channel::proxy, who, passing.host, decision, now);
            end_();
            return std::nullopt;
        }
        if (decision.until && (!until || decision.until->awake_seconds < until->awake_seconds)) until = decision.until;
    }
    return until;
}

}  // namespace hort::proxy
