#include "daemon/daemon.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <boost/asio/thread_pool.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "daemon/activity.h"
#include "daemon/asio.h"
#include "daemon/asking.h"
#include "daemon/configuration.h"
#include "daemon/control/server.h"
#include "daemon/dns/server.h"
#include "daemon/enforce/firewall.h"
#include "daemon/enforce/programs.h"
#include "daemon/family_page.h"
#include "daemon/lists/keeper.h"
#include "daemon/log.h"
#include "daemon/pending_timer.h"
#include "daemon/pin.h"
#include "daemon/policy_builder.h"
#include "daemon/proxy/listener.h"
#include "daemon/refusals.h"
#include "daemon/run.h"
#include "daemon/settings.h"
#include "daemon/store/local_records.h"
#include "daemon/usage/timekeeper.h"
#include "daemon/version.h"
#include "daemon/web/server.h"
#include "platform/clock.h"
#include "platform/clock_watch.h"
#include "platform/descriptors.h"
#include "platform/local_socket.h"
#include "platform/mapped_file.h"
#include "platform/memory.h"
#include "platform/monitor.h"
#include "platform/service_manager.h"

namespace hort {
namespace {

std::string new_salt() {
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw std::runtime_error("getrandom failed");
    std::string out;
    for (const auto byte : bytes) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", byte);
        out += hex;
    }
    return out;
}

Result<HashKey> read_salt(const std::string& hex, const std::string& database) {
    HashKey key;
    if (hex.size() != 32 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
        return Error{"the setting image_salt is not 32 hexadecimal digits", database, "delete it; a new one is made"};
    key.k0 = std::stoull(hex.substr(0, 16), nullptr, 16);
    key.k1 = std::stoull(hex.substr(16), nullptr, 16);
    return key;
}

Status make_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Done{};
    return Error{std::string("cannot make the folder: ") + std::strerror(errno), path, {}};
}

constexpr auto activity_pause = std::chrono::seconds(5);  // between two batches

// The running parts. Members are destroyed last first: the listeners before what they use.
class Daemon final : private AskDesk {
  public:
    explicit Daemon(const Configuration& configuration)
        : configuration_(configuration), activity_([this] { asio::post(io_, [this] { keep_activity_soon(); }); }) {}

    Status start() {
        for (const auto& folder : {configuration_.data, configuration_.data + "/rulesets", configuration_.lists})
            if (auto made = make_folder(folder); !made) return made;
        const auto path = configuration_.data + "/hort.db";
        auto database = store::Database::open(path);
        if (!database) return database.error();
        database_ = *std::move(database);
        people_ = std::make_unique<store::People>(*database_);
        hours_ = std::make_unique<store::Hours>(*database_);
        grants_ = std::make_unique<store::Grants>(*database_);
        budgets_ = std::make_unique<store::Budgets>(*database_);
        ledger_ = std::make_unique<store::Ledger>(*database_);
        const auto salt_text = people_->setting("image_salt", new_salt);
        if (!salt_text) return salt_text.error();
        const auto salt = read_salt(*salt_text, path);
        if (!salt) return salt.error();
        records_ = std::make_unique<store::ListRecords>(*database_);
        activity_records_ = std::make_unique<store::ActivityRecords>(*database_);
        keep_activity();
        local_records_ = std::make_unique<store::LocalRecords>(*database_);
        keeper_ = lists::Keeper::make(io_, {configuration_.data, configuration_.lists, *salt}, *records_,
                                      [this] { return put_in_force(); });
        if (auto loaded = keeper_->load(); !loaded) return loaded;
        timekeeper_ = usage::Timekeeper::start(io_, {*database_, *people_, *ledger_, policy_,
                                                     [this] {
                                                         if (proxy_) proxy_->recheck();
                                                         if (firewall_) (void)firewall_->recheck();
                                                         if (programs_) programs_->recheck();
                                                     },
                                                     configuration_.instance()});
        // In force before the first packet is served.
        if (auto published = put_in_force(); !published) return published;

        if (auto read = put_names_in_force(); !read) return read;
        auto dns = dns::Server::start(io_, configuration_.dns, {policy_, names_, refusals_, counters_, *timekeeper_});
        if (!dns) return dns.error();
        dns_ = *std::move(dns);
        if (auto read = put_names_in_force(); !read) return read;  // with where the listeners are
        auto interceptor = proxy::Interceptor::make(configuration_.data, configuration_.proxy.trusted);
        if (!interceptor) return interceptor.error();
        interceptor_ = *std::move(interceptor);
        auto proxy = proxy::Listener::start(io_, proxy_settings(), policy_, *dns_, refusals_, counters_, *timekeeper_,
                                            *this, interceptor_.get());
        if (!proxy) return proxy.error();
        proxy_ = *std::move(proxy);
        if (configuration_.is_enforcing) {
            auto enforcement = enforce::Enforcement::start(io_);
            if (!enforcement) return enforcement.error();
            enforcement_ = *std::move(enforcement);
            const auto& house = configuration_.proxy.transparent;
            auto firewall = enforce::Firewall::start(
                io_, *enforcement_, policy_, house.empty() ? std::uint16_t{0} : house.front().port, gateway(),
                [this](std::uint32_t account) { return ports_for(account); },
                configuration_.fails_closed ? enforce::Firewall::AtEnd::closed : enforce::Firewall::AtEnd::open);
            if (!firewall) return firewall.error();
            firewall_ = *std::move(firewall);
            programs_ = std::make_unique<enforce::Programs>(io_, *enforcement_, policy_, configuration_.program_folders,
                                                            configuration_.instance());
            if (const auto problem = enforcement_->programs().problem; !problem.empty())
                log_line(Level::warning, "no program is held", {{"error", problem}});
        }
        if (configuration_.web) {
            auto web = web::Server::start(io_, *configuration_.web, {counters_, *dns_, policy_});
            if (!web) return web.error();
            web_ = *std::move(web);
        }
        household_ = std::unique_ptr<control::Household>(
            new control::Household{*database_,
                                   *people_,
                                   *hours_,
                                   *grants_,
                                   *budgets_,
                                   *ledger_,
                                   *timekeeper_,
                                   *records_,
                                   *keeper_,
                                   policy_,
                                   counters_,
                                   *activity_records_,
                                   [this] { keep_activity(); },
                                   [this] { return put_in_force(); },
                                   *local_records_,
                                   [this] { return put_names_in_force(); },
                                   *dns_,
                                   *interceptor_,
                                   [this](const std::string& account, const std::string& pin,
                                          std::function<void(Status)> done) { try_pin(account, pin, std::move(done)); },
                                   new_salt,
                                   [this] { return enforcement(); },
                                   dns_->local().text(),
                                   proxy_->local().text()});
        auto control = control::Server::start(io_, configuration_.control, *household_);
        if (!control) return control.error();
        control_ = *std::move(control);
        wait_for_signals();
        zone_watch_ = platform::ZoneWatch::start();
        if (zone_watch_) {
            zone_.assign(zone_watch_->descriptor());
            wait_for_zone();
        }
        keeper_->start_updates();
        log_line(Level::info, "ready",
                 {{"version", std::string(version)},
                  {"dns", household_->dns},
                  {"proxy", household_->proxy},
                  {"upstream", configuration_.dns.upstream.upstreams.front().text()}});
        if (auto* monitor = platform::Monitor::in_use()) (void)monitor->ask("worker.ready", {});
        platform::tell_ready();
        if (const auto period = platform::expected_to_tell_alive()) tell_alive_each(*period / 3);
        return Done{};
    }

    void run() { io_.run(); }
    ~Daemon() override {
        if (zone_.is_open()) zone_.release();
    }

  private:
    Status put_in_force() {
        const auto records = HouseholdRecords::read(*people_, *hours_, *grants_, *budgets_);
        if (!records) return records.error();
        auto policy = build_policy(*records, keeper_->rule_files(), keeper_->library().ruleset);
        if (const auto country = Settings(*people_).country(); !country.empty()) policy->country = country;
        put_interception(*policy);
        timekeeper_->put_in_force(std::move(policy));
        activity_.set_level(Settings(*people_).log_level());
        return Done{};
    }

    Status ask(std::int64_t id, const std::string& site, std::int64_t minutes, const std::string& why) override {
        const auto everyone = people_->all();
        if (!everyone) return everyone.error();
        for (const auto& person : *everyone) {
            if (person.id != id) continue;
            const auto asked = ask_guardian(*grants_, person, minutes > 0 ? "time" : "site",
                                            minutes > 0 ? std::to_string(minutes) + "m" : site, why,
                                            {person.name, platform::now().wall_seconds});
            return asked ? Status(Done{}) : Status(asked.error());
        }
        return Error{"nobody knows who asks", {}, {}};
    }

    void put_interception(Policy& policy) const {
        const Settings settings(*people_);
        policy.looks_into_tls = settings.looks_into_tls();
        for (const auto& site : settings.left_alone())
            if (const auto host = Hostname::parse(site)) policy.left_alone.set(*host, true);
    }

    std::optional<EnforcementState> enforcement() const {
        if (!firewall_ || !programs_) return std::nullopt;
        auto out = firewall_->state();
        out.has_worker = platform::Monitor::in_use() != nullptr;
        const auto programs = enforcement_->programs();
        if (programs.problem.empty()) out.programs = programs.files;
        out.copies = programs.copies;
        out.copy_problem = programs.copy_problem;
        out.hold_problem = programs_->hold_problem();
        return out;
    }

    Result<enforce::AccountPorts> ports_for(std::uint32_t account) {
        const auto dns = dns_->listen_for(account);
        if (!dns) return dns.error();
        const auto web = proxy_->listen_for(account);
        if (!web) return web.error();
        return enforce::AccountPorts{*dns, *web};
    }

    enforce::Gateway gateway() const {
        enforce::Gateway out{configuration_.gateway, 0};
        for (const auto& place : configuration_.dns.listen)
            if (!place.is_loopback() && out.dns_port == 0) out.dns_port = place.port;
        return out;
    }

    // The proxy leads nobody to this daemon's own listeners.
    proxy::Settings proxy_settings() const {
        auto out = configuration_.proxy;
        // Each client takes one descriptor, and mostly a second one for its server.
        const auto descriptors = platform::allow_many_descriptors();
        out.max_clients = std::min(out.max_clients, descriptors > 400 ? (descriptors - 200) / 2 : 100);
        const auto& dns = configuration_.dns;
        for (const auto* places : {&dns.listen, &dns.dot, &dns.doh})
            out.own.insert(out.own.end(), places->begin(), places->end());
        if (configuration_.web) out.own.push_back(*configuration_.web);
        return out;
    }

    // The names that are answered here: the owner's records, the hosts file, what is configured.
    Status put_names_in_force() {
        const auto& settings = configuration_.dns;
        auto names = std::make_shared<dns::LocalNames>();
        auto page = settings.page;
        if (page.empty()) page = {*platform::parse_address("127.0.0.1"), *platform::parse_address("::1")};
        for (const auto& address : page) {
            const auto text = platform::address_text(address);
            const auto type = text.find(':') == std::string::npos ? "A" : "AAAA";
            names->add({std::string(family_page), type, text});
        }
        if (!settings.hosts.empty()) {
            const auto text = platform::read_file(settings.hosts, 16 << 20);
            if (!text) return text.error();
            names->add_hosts(*text);
        }
        const auto records = local_records_->all();
        if (!records) return records.error();
        for (const auto& record : *records) names->add(record);
        for (const auto& [zone, upstreams] : settings.upstream.zones) names->forward(zone);
        for (const auto& zone : settings.inside) names->allow_inside(zone);
        if (dns_) names->designate(dns_->designated());
        names_.publish(std::move(names));
        return Done{};
    }

    // Hours are of the zone in which the machine is by now.
    void wait_for_zone() {
        zone_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& fault) {
            if (fault) return;
            if (zone_watch_->has_changed()) {
                if (auto done = put_in_force(); !done)
                    log_line(Level::error, "the time zone is another one, and cannot be put in force",
                             {{"error", done.error().text()}});
                else
                    log_line(Level::info, "the time zone was set");
            }
            wait_for_zone();
        });
    }

    // Whoever watches the service starts it anew when this thread hangs.
    void tell_alive_each(std::chrono::microseconds period) {
        platform::tell_alive();
        alive_timer_.expires_after(period);
        alive_timer_.async_wait([this, period, pending = PendingTimer()](const error_code& fault) {
            if (!fault) tell_alive_each(period);
        });
    }

    // What was noted goes to the store in batches.
    void keep_activity_soon() {
        activity_timer_.expires_after(activity_pause);
        activity_timer_.async_wait([this, pending = PendingTimer()](const error_code& fault) {
            if (!fault) keep_activity();
        });
    }

    void keep_activity() {
        const auto batch = activity_.take();
        const Settings settings(*people_);
        const auto now = platform::now().wall_seconds;
        auto done = batch.is_empty() ? Status(Done{}) : activity_records_->add(batch.counts, batch.entries);
        if (done)
            done = activity_records_->forget(now - std::int64_t{settings.log_days()} * 86400,
                                             now - std::int64_t{settings.detail_days()} * 86400);
        if (!done) log_line(Level::error, "activity not kept", {{"error", done.error().text()}});
    }

    // On a thread of its own: it takes long, on purpose.
    void try_pin(const std::string& account, const std::string& pin, std::function<void(Status)> done) {
        const auto kept = people_->setting("pin");
        if (kept.empty()) return done(Error{"no PIN is set", {}, "a guardian sets one: hortctl pin set"});
        if (auto begun = PinAttempts(*database_).begin(account, platform::now().wall_seconds); !begun)
            return done(begun.error());
        asio::post(pin_thread_, [this, account, pin, kept, done = std::move(done)] {
            const bool is_right = is_pin(pin, kept);
            asio::post(io_, [this, account, is_right, done] {
                if (is_right) PinAttempts(*database_).succeeded(account);
                if (!is_right)
                    (void)store::record_event(*database_, {account, platform::now().wall_seconds}, "wrong PIN",
                                              account);
                done(is_right ? Status(Done{}) : Status(Error{"that is not the PIN", {}, {}}));
            });
        });
    }

    void wait_for_signals() {
        signals_.async_wait([this](const error_code& fault, int number) {
            if (fault) return;
            if (number == SIGHUP) {
                keeper_->reload([](const Status& done) {
                    if (!done)
                        log_line(Level::error, "lists not re-read; the former stay in force",
                                 {{"error", done.error().text()}});
                });
                for (const auto& done : {put_names_in_force(), dns_->reload_certificate()})
                    if (!done)
                        log_line(Level::error, "not re-read; what was there stays in force",
                                 {{"error", done.error().text()}});
                wait_for_signals();
                return;
            }
            log_line(Level::info, "ending");
            platform::tell_stopping();
            timekeeper_->catch_up();
            timekeeper_->flush();
            keep_activity();
            io_.stop();
        });
    }

    const Configuration configuration_;
    asio::io_context io_{1};
    asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
    std::unique_ptr<store::Database> database_;
    std::unique_ptr<store::People> people_;
    std::unique_ptr<store::Hours> hours_;
    std::unique_ptr<store::Grants> grants_;
    std::unique_ptr<store::Budgets> budgets_;
    std::unique_ptr<store::Ledger> ledger_;
    std::unique_ptr<store::ListRecords> records_;
    std::unique_ptr<store::LocalRecords> local_records_;
    PolicyInForce policy_;
    dns::NamesInForce names_;
    Activity activity_;
    Refusals refusals_{activity_};
    asio::steady_timer activity_timer_{io_}, alive_timer_{io_};
    std::unique_ptr<platform::ZoneWatch> zone_watch_;
    asio::posix::stream_descriptor zone_{io_};
    std::unique_ptr<store::ActivityRecords> activity_records_;
    Counters counters_;
    std::unique_ptr<usage::Timekeeper> timekeeper_;
    std::unique_ptr<lists::Keeper> keeper_;
    std::unique_ptr<dns::Server> dns_;
    std::unique_ptr<proxy::Interceptor> interceptor_;
    std::unique_ptr<proxy::Listener> proxy_;
    std::unique_ptr<enforce::Enforcement> enforcement_;
    std::unique_ptr<enforce::Firewall> firewall_;
    std::unique_ptr<enforce::Programs> programs_;
    std::unique_ptr<web::Server> web_;
    std::unique_ptr<control::Household> household_;
    std::unique_ptr<control::Server> control_;
    asio::thread_pool pin_thread_{1};
};

}  // namespace

int run_daemon(const Configuration& configuration) {
    platform::return_large_blocks();
    Daemon daemon(configuration);
    if (auto started = daemon.start(); !started) {
        log_line(Level::error, "not started", {{"error", started.error().text()}});
        return 1;
    }
    daemon.run();
    return 0;
}

}  // namespace hort
