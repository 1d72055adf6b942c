// Judge: who one client of the proxy is and what it may reach. Asks the decision core, notes what came of it, and asks
// again while something passes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/daemon.h"
#include "daemon/proxy/live_connections.h"

namespace hort::proxy {

// A decision with what it was made from, so that it can be told in words.
struct Ruling {
    std::shared_ptr<const Policy> policy;
    Subject who;
    Decision decision;
    Moment at;                    // when it was made
    std::optional<Moment> until;  // of a block: when it ends if nobody does anything
    std::string site;             // as people write it

    bool is_blocked() const { return decision.is_blocked(); }
};

// How a connection came here.
struct Arrival {
    bool is_redirected = false;            // it names no proxy, the firewall sent it
    std::optional<std::uint32_t> account;  // whose connections alone come to where it came
};

class Judge final : public LiveConnection {
  public:
    // `end` closes the connection of the client.
    Judge(const PolicyInForce& policy, DecisionLog& log, TrafficMeter& meter, std::shared_ptr<LiveConnections> live,
          std::function<void()> end);
    ~Judge() override;
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    // The client's end of its connection, and ours; or where the client means to be connected to, of a connection that
    // was redirected: then it can be of this machine, whatever its address.
    void meet(const platform::Endpoint& client, const platform::Endpoint& own, const Arrival& arrival = {});
    // Nobody has such a connection, as far as the kernel says, though one of several accounts must.
    bool is_nobodys();
    bool is_supervised();
    bool may_look_into(const Hostname& host);  // (rules/intercept_bypass.h)
    // Whose time it uses up; 0: nobody's. REQUIRES: something was asked for.
    std::int64_t person() const { return person_; }

    // May the client reach it now? What is allowed passes from here on: it is asked about again whenever the answer can
    // have changed, and the connection ends with it.
    Ruling ask(const Hostname& host) { return begin({host, {}, {}, {}, {}, {}}); }
    // `target` is the request's, in origin-form.
    Ruling ask(const Hostname& host, std::string_view target);
    Ruling ask(const AddressBytes& address);
    // What would be said now? Nothing passes, and nothing is noted.
    Ruling would_say(const Hostname& host);
    // An address of which it is not said for which host it is meant. `names`: those that our DNS gave it for lately,
    // the last one at the end. Many sites share addresses: it is blocked when all of them are.
    Ruling ask(const AddressBytes& address, const std::vector<Hostname>& names);
    // May the answer to what was allowed last be of that media type, and kept under that name? A ruling when it is
    // blocked. Both in lower case, or empty.
    std::optional<Ruling> ask_answer(std::string_view media_type, std::string_view file_name);
    // May it, where an allowed host leads to? A ruling that is blocked, or else the one that was given.
    Ruling ask_where_it_leads(Ruling ruling, const Resolved& resolved) const;

    // May the page be seen that was allowed last, as far as its words say? Both as for ask_answer().
    std::optional<Ruling> ask_content(const PhraseScores& scores);
    // Does it matter what is written there?
    bool minds_content();

    void note_traffic();
    void nothing_passes() { passing_.clear(); }
    std::optional<Moment> recheck(const Policy& policy, const Moment& now) override;

    // The client was answered, or has not asked yet.
    void rest();
    void work() { resting_since_ = std::nullopt; }
    std::optional<std::int64_t> resting_since() const override { return resting_since_; }
    void end() override;

  private:
    struct Passing {
        Hostname host;  // empty: the address
        AddressBytes address{};
        std::string url, request_target;
        std::string media_type, file_name;  // of the answer
        bool is_answered = false, was_watched = false;
        Target target() const {
            if (host.empty()) return Target::of_address(address);
            Target out(host, url, request_target);
            out.media_type = media_type;
            out.file_name = file_name;
            return out;
        }
    };
    Ruling begin(Passing passing);
    void look_for_owner();
    Subject subject(const Policy& policy);

    const PolicyInForce& policy_;
    DecisionLog& log_;
    TrafficMeter& meter_;
    const std::shared_ptr<LiveConnections> live_;
    const std::function<void()> end_;
    platform::Endpoint remote_, own_;
    Client client_;  // what is known of it; the kernel is asked once
    bool is_known_ = false, is_redirected_ = false;
    std::vector<Passing> passing_;
    std::optional<std::int64_t> resting_since_;
    std::int64_t person_ = 0;  // whose time what passes uses up; 0: nobody's
    bool is_by_account_ = false;
};

}  // namespace hort::proxy
