#include "daemon/daemon.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <boost/asio/thread_pool.hpp>
#include <cstring>

#include "daemon/asio.h"
#include "daemon/configuration.h"
#include "daemon/control/server.h"
#include "daemon/dns/server.h"
#include "daemon/lists/keeper.h"
#include "daemon/log.h"
#include "daemon/pin.h"
#include "daemon/policy_builder.h"
#include "daemon/proxy/listener.h"
#include "daemon/recent_blocks.h"
#include "daemon/run.h"
#include "daemon/store/local_records.h"
#include "daemon/usage/timekeeper.h"
#include "daemon/version.h"
#include "platform/clock.h"
#include "platform/local_socket.h"
#include "platform/mapped_file.h"

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

// The running parts. Members are destroyed last first: the listeners before what they use.
class Daemon {
  public:
    explicit Daemon(const Configuration& configuration)
        : configuration_(configuration), recent_(configuration.keeps_host_names) {}

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
        local_records_ = std::make_unique<store::LocalRecords>(*database_);
        keeper_ = lists::Keeper::make(io_, {configuration_.data, configuration_.lists, *salt}, *records_,
                                      [this] { return put_in_force(); });
        if (auto loaded = keeper_->load(); !loaded) return loaded;
        timekeeper_ = usage::Timekeeper::start(io_, {*database_, *people_, *ledger_, policy_, [this] {
                                                         if (proxy_) proxy_->recheck();
                                                     }});
        // In force before the first packet is served.
        if (auto published = put_in_force(); !published) return published;

        if (auto read = put_names_in_force(); !read) return read;
        auto dns = dns::Server::start(io_, configuration_.dns, {policy_, names_, recent_, counters_, *timekeeper_});
        if (!dns) return dns.error();
        dns_ = *std::move(dns);
        if (auto read = put_names_in_force(); !read) return read;  // with where the listeners are
        auto proxy =
            proxy::Listener::start(io_, configuration_.proxy, policy_, *dns_, recent_, counters_, *timekeeper_);
        if (!proxy) return proxy.error();
        proxy_ = *std::move(proxy);
        std::vector<std::string> upstreams;
        for (const auto& upstream : configuration_.dns.upstream.upstreams) upstreams.push_back(upstream.text());
        household_ = std::unique_ptr<control::Household>(
            new control::Household{*database_, *people_, *hours_, *grants_, *budgets_, *ledger_, *timekeeper_,
                                   *records_, *keeper_, policy_, counters_, recent_, [this] { return put_in_force(); },
                                   [this](const std::string& account, const std::string& pin,
                                          std::function<void(Status)> done) { try_pin(account, pin, std::move(done)); },
                                   new_salt, dns_->local().text(), proxy_->local().text(), upstreams});
        auto control = control::Server::start(io_, platform::control_address(configuration_.data), *household_);
        if (!control) return control.error();
        control_ = *std::move(control);
        wait_for_signals();
        keeper_->start_updates();
        log_line(Level::info, "ready",
                 {{"version", std::string(version)},
                  {"dns", household_->dns},
                  {"proxy", household_->proxy},
                  {"upstream", upstreams.front()}});
        return Done{};
    }

    void run() { io_.run(); }

  private:
    Status put_in_force() {
        const auto records = HouseholdRecords::read(*people_, *hours_, *grants_, *budgets_);
        if (!records) return records.error();
        timekeeper_->put_in_force(build_policy(*records, keeper_->rule_files(), keeper_->library().ruleset));
        return Done{};
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
            names->add({std::string(dns::LocalNames::family_page), type, text});
        }
        if (!settings.hosts.empty()) {
            const auto text = platform::read_file(settings.hosts, 16 << 20);
            if (!text) return text.error();
            names->add_hosts(*text);
        }
        const auto records = local_records_->all();
        if (!records) return records.error();
        for (const auto& record : *records) names->add({record.name, record.type, record.value});
        for (const auto& [zone, upstreams] : settings.upstream.zones) names->forward(zone);
        for (const auto& zone : settings.inside) names->allow_inside(zone);
        if (dns_) names->designate(dns_->designated());
        names_.publish(std::move(names));
        return Done{};
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
            timekeeper_->catch_up();
            timekeeper_->flush();
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
    RecentBlocks recent_;
    Counters counters_;
    std::unique_ptr<usage::Timekeeper> timekeeper_;
    std::unique_ptr<lists::Keeper> keeper_;
    std::unique_ptr<dns::Server> dns_;
    std::unique_ptr<proxy::Listener> proxy_;
    std::unique_ptr<control::Household> household_;
    std::unique_ptr<control::Server> control_;
    asio::thread_pool pin_thread_{1};
};

}  // namespace

int run_daemon(const Configuration& configuration) {
    Daemon daemon(configuration);
    if (auto started = daemon.start(); !started) {
        log_line(Level::error, "not started", {{"error", started.error().text()}});
        return 1;
    }
    daemon.run();
    return 0;
}

}  // namespace hort
