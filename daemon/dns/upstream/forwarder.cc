#include "daemon/dns/upstream/forwarder.h"

#include <algorithm>

#include "daemon/log.h"
#include "daemon/pending_timer.h"

namespace hort::dns {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Failure = Exchanged::Failure;

constexpr auto stagger = 400ms;      // without an answer the next upstream is asked, too
constexpr int failures_to_rest = 2;  // in a row
constexpr auto shortest_rest = 2s, longest_rest = 60s;
constexpr int probe_every = 20;  // of the questions: one goes to the one that was not measured for long

std::string key_of(const Question& question) {
    std::string out;
    for (const auto octet : question.name) out += static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
    for (const auto value : {question.type, question.klass}) {
        out += static_cast<char>(value >> 8);
        out += static_cast<char>(value);
    }
    out += static_cast<char>((question.dnssec_ok ? 1 : 0) | (question.checking_disabled ? 2 : 0) |
                             (question.authentic_data ? 4 : 0));
    return out;
}

constexpr std::uint8_t format_error = 1, server_failure = 2, not_implemented = 4, refused = 5;

// An answer that another upstream may know better.
bool is_failure(const Exchanged& answer) {
    const auto rcode = answer.about.rcode;
    return answer.failure != Failure::none || rcode == format_error || rcode == server_failure ||
           rcode == not_implemented || rcode == refused;
}

}  // namespace

struct Forwarder::Upstream {
    UpstreamAddress address;
    std::shared_ptr<Transport> transport;
    std::size_t in_flight = 0;
    int failures = 0;  // in a row
    Clock::time_point rests_until{};
    std::uint64_t answered = 0, failed = 0;
    std::int64_t round_trip = 0;  // microseconds
    int asked_since_probe = 0;

    bool is_resting() const { return Clock::now() < rests_until; }

    void note(const Exchanged& out, Clock::time_point begun) {
        if (out.failure == Failure::none && out.about.rcode == server_failure) return;  // see fail()
        if (!is_failure(out)) {
            ++answered;
            if (std::exchange(failures, 0) >= failures_to_rest)
                log_line(Level::info, "upstream answers again", {{"upstream", address.text()}});
            rests_until = {};
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count();
            round_trip = round_trip == 0 ? took : (7 * round_trip + took) / 8;
            return;
        }
        fail();
    }

    // SERVFAIL is the upstream's fault only where another one knew the answer.
    void fail() {
        ++failed;
        if (++failures < failures_to_rest) return;
        const auto rest = std::min<std::chrono::seconds>(
            longest_rest, shortest_rest * (1 << std::min(failures - failures_to_rest, 5)));
        rests_until = Clock::now() + rest;
        if (failures == failures_to_rest)
            log_line(Level::warning, "upstream does not answer", {{"upstream", address.text()}});
    }
};

struct Forwarder::Group {
    Hostname zone;  // empty: everything
    std::vector<std::shared_ptr<Upstream>> upstreams;
};

struct Forwarder::Flight {
    WireName name;
    Question question;
    std::vector<Done> waiting;
};

// Several upstreams asked for the same; shared with those that come in late.
struct Forwarder::Race {
    explicit Race(const asio::any_io_executor& executor) : changed(executor) {}
    asio::steady_timer changed;
    Exchanged best;  // the answer, or the last failure
    bool has_best = false, is_won = false;
    std::vector<std::shared_ptr<Upstream>> did_not_know;  // that answered SERVFAIL
    int running = 0;
};

Forwarder::Forwarder(asio::io_context& io, const UpstreamSettings& settings, asio::ssl::context& tls)
    : io_(io), mode_(settings.mode), flights_(std::make_shared<std::map<std::string, FlightPtr>>()) {
    const auto add = [&](const Hostname& zone, const std::vector<UpstreamAddress>& addresses) {
        auto group = std::make_unique<Group>();
        group->zone = zone;
        for (const auto& address : addresses) {
            auto one = std::make_shared<Upstream>();
            one->address = address;
            using Protocol = UpstreamAddress::Protocol;
            one->transport = address.protocol == Protocol::udp     ? make_udp_transport(address)
                             : address.protocol == Protocol::https ? make_https_transport(address, tls)
                                                                   : make_stream_transport(address, tls);
            group->upstreams.push_back(std::move(one));
        }
        groups_.push_back(std::move(group));
    };
    for (const auto& [zone, addresses] : settings.zones) add(zone, addresses);
    std::stable_sort(groups_.begin(), groups_.end(),
                     [](const auto& a, const auto& b) { return a->zone.label_count() > b->zone.label_count(); });
    add({}, settings.upstreams);
}

Forwarder::~Forwarder() = default;

const Forwarder::Group& Forwarder::group_of(const Question& question) const {
    if (groups_.size() > 1) {
        const auto host = Hostname::from_wire(question.name);
        for (const auto& group : groups_)
            if (!group->zone.empty() && host.is_or_is_below(group->zone)) return *group;
    }
    return *groups_.back();
}

bool Forwarder::is_down(const Question& question) const {
    const auto& all = group_of(question).upstreams;
    return std::all_of(all.begin(), all.end(), [](const auto& one) { return one->is_resting(); });
}

std::vector<std::shared_ptr<Forwarder::Upstream>> Forwarder::candidates(const Group& group, UpstreamMode mode) {
    auto out = group.upstreams;
    if (mode == UpstreamMode::fastest) {
        std::stable_sort(out.begin(), out.end(),
                         [](const auto& a, const auto& b) { return a->round_trip < b->round_trip; });
        // Who was slow once may be fast by now.
        for (std::size_t i = 1; i < out.size(); ++i)
            if (++out[i]->asked_since_probe >= probe_every) {
                out[i]->asked_since_probe = 0;
                std::rotate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(i),
                            out.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                break;
            }
    }
    // Those that rest come last: where all rest, they are asked all the same.
    std::stable_partition(out.begin(), out.end(), [](const auto& one) { return !one->is_resting(); });
    return out;
}

asio::awaitable<Exchanged> Forwarder::ask_one(std::shared_ptr<Upstream> upstream, FlightPtr flight) {
    if (upstream->in_flight >= max_in_flight_of_upstream) co_return Exchanged::failed(Failure::silent);
    ++upstream->in_flight;
    const auto begun = Clock::now();
    auto out = co_await upstream->transport->exchange(flight->question);
    --upstream->in_flight;
    upstream->note(out, begun);
    co_return out;
}

asio::awaitable<Exchanged> Forwarder::resolve(std::vector<std::shared_ptr<Upstream>> upstreams, UpstreamMode mode,
                                              FlightPtr flight) {
    const auto executor = co_await asio::this_coro::executor;
    const auto race = std::make_shared<Race>(executor);
    const auto start = [&](const std::shared_ptr<Upstream>& upstream) {
        ++race->running;
        asio::co_spawn(executor, ask_one(upstream, flight),
                       [race, upstream](const std::exception_ptr& broken, Exchanged out) {
                           --race->running;
                           if (broken) out = Exchanged::failed(Failure::network);
                           if (race->is_won) return;
                           race->is_won = !is_failure(out);
                           if (out.failure == Failure::none && out.about.rcode == server_failure)
                               race->did_not_know.push_back(upstream);
                           // Of failures an answer says more than none, and a broken network more than silence.
                           const auto weight = [](const Exchanged& one) {
                               return one.failure == Failure::none ? 2 : one.failure == Failure::network ? 1 : 0;
                           };
                           if (race->is_won || !race->has_best || weight(out) >= weight(race->best))
                               race->best = std::move(out);
                           race->has_best = true;
                           race->changed.cancel();
                       });
    };
    std::size_t next = 0;
    while (!race->is_won && (next < upstreams.size() || race->running > 0)) {
        if (next < upstreams.size()) {
            start(upstreams[next++]);
            if (mode == UpstreamMode::parallel) continue;
        }
        // Until something comes, or it is time for the next one too.
        const int running = race->running;
        if (running == 0 || race->is_won) continue;
        if (next < upstreams.size()) {
            race->changed.expires_after(stagger);
            co_await wait_for(race->changed);
        } else {
            race->changed.expires_at(asio::steady_timer::time_point::max());
            error_code ignored;
            co_await race->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    if (race->is_won)
        for (const auto& one : race->did_not_know) one->fail();
    // Who refuses to work for us says nothing of the name.
    auto& best = race->best;
    if (!race->is_won && best.failure == Failure::none && best.about.rcode != server_failure)
        best = Exchanged::failed(Failure::network);
    co_return std::move(best);
}

void Forwarder::ask(const Question& question, Done done) {
    const auto key = key_of(question);
    if (const auto found = flights_->find(key); found != flights_->end()) {
        found->second->waiting.push_back(std::move(done));
        return;
    }
    if (flights_->size() >= max_in_flight) return done(Exchanged::failed(Failure::silent));
    auto flight = std::make_shared<Flight>();
    std::copy(question.name.begin(), question.name.end(), flight->name.octets.begin());
    flight->name.size = question.name.size();
    flight->question = question;
    flight->question.name = flight->name.view();
    flight->waiting.push_back(std::move(done));
    (*flights_)[key] = flight;
    asio::co_spawn(io_, resolve(candidates(group_of(question), mode_), mode_, flight),
                   [flights = flights_, flight, key](const std::exception_ptr& broken, Exchanged out) {
                       if (broken) out = Exchanged::failed(Failure::network);
                       flights->erase(key);
                       for (auto& one : flight->waiting) one(out);
                   });
}

std::vector<UpstreamState> Forwarder::states() const {
    std::vector<UpstreamState> out;
    for (const auto& group : groups_)
        for (const auto& one : group->upstreams)
            out.push_back({one->address.text(), std::string(group->zone.text()), one->is_resting(), one->answered,
                           one->failed, one->round_trip});
    return out;
}

}  // namespace hort::dns
