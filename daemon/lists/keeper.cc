#include "daemon/lists/keeper.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <random>
#include <set>

#include "daemon/asio.h"
#include "daemon/lists/subscription_check.h"
#include "daemon/lists/worker.h"
#include "daemon/log.h"
#include "platform/clock.h"
#include "platform/mapped_file.h"
#include "rules/rule_file_compile.h"

namespace hort::lists {
namespace {

namespace fs = std::filesystem;

// A bundle whose signature, rule file and paths are sound.
struct OpenBundle {
    Bundle bundle;
    RuleFile rules;
    std::string key;
};

Result<OpenBundle> open_bundle(std::string_view bytes, const std::vector<store::TrustedKey>& trusted) {
    const auto head = read_bundle_head(bytes);
    if (!head) return head.error();
    if (!head->signer) return Error{"the bundle is not signed", {}, "'hortctl rules sign' signs it"};
    const auto key = text_of(*head->signer);
    if (std::none_of(trusted.begin(), trusted.end(), [&](const store::TrustedKey& t) { return t.key == key; }))
        return Error{"the bundle is signed by a key that is not trusted", key,
                     "'hortctl rules trust KEY' trusts it, if it is your school's"};
    auto bundle = read_bundle(bytes);
    if (!bundle) return bundle.error();
    auto reading = read_rule_file(bundle->files.front().content, std::string(Bundle::rule_file_path));
    if (!reading.file)
        return Error{"the rule file in the bundle has a mistake: " + reading.problems.front().text(), {}, {}};
    if (reading.file->name != bundle->name || reading.file->serial != bundle->serial)
        return Error{"the bundle's name or serial is not its rule file's", bundle->name, {}};
    return OpenBundle{*std::move(bundle), *std::move(reading.file), key};
}

class RunningKeeper final : public Keeper {
  public:
    RunningKeeper(asio::io_context& io, Settings settings, store::ListRecords& records, Publish publish)
        : io_(io),
          settings_(std::move(settings)),
          records_(records),
          publish_(std::move(publish)),
          subscriptions_folder_(settings_.data + "/subscriptions"),
          bundles_folder_(settings_.data + "/bundles") {}

    ~RunningKeeper() override {
        *alive_ = false;
        is_cancelled_ = true;
    }

    Status load() override {
        std::error_code fault;
        for (const auto& folder : {subscriptions_folder_, bundles_folder_}) {
            fs::create_directory(folder, fault);
            if (fault) return Error{"cannot make the folder: " + fault.message(), folder, {}};
        }
        auto plan = plan_sources();
        if (!plan) return plan.error();
        auto library = load_library(plan->files, settings_.data + "/rulesets", settings_.salt);
        if (!library) return library.error();
        take(*std::move(plan), *std::move(library));
        return Done{};
    }

    void start_updates() override { plan_next_check(); }

    const Library& library() const override { return library_; }
    const std::vector<RuleFile>& rule_files() const override { return rule_files_; }

    void reload(std::function<void(Status)> done) override {
        auto planned = plan_sources();
        if (!planned) return done(planned.error());
        const auto plan = std::make_shared<Plan>(*std::move(planned));
        in_worker([files = plan->files, folder = settings_.data + "/rulesets",
                   salt = settings_.salt] { return load_library(files, folder, salt); },
                  [this, plan, done = std::move(done)](Result<Library> library) {
                      if (!library) return done(library.error());
                      take(std::move(*plan), *std::move(library));
                      auto published = publish_();
                      remove_old_bundles();
                      done(published);
                  });
    }

    Status update(std::vector<std::int64_t> ids) override {
        if (progress_.is_running)
            return Error{"an update runs already", {}, "'hortctl lists show' says what came of it"};
        const auto all = records_.subscriptions();
        if (!all) return all.error();
        queue_.clear();
        for (const auto& record : *all)
            if (std::find(ids.begin(), ids.end(), record.id) != ids.end()) queue_.push_back(record);
        progress_ = {true, 0, queue_.size(), {}, 0, 0, {}};
        is_library_stale_ = false;
        check_next();
        return Done{};
    }

    UpdateProgress progress() const override {
        auto out = progress_;
        out.received = received_;
        out.expected = expected_;
        return out;
    }

    void install(ReadBundle read, const store::By& by, bool is_trial,
                 std::function<void(Result<InstalledBundle>)> done) override {
        const auto trusted = records_.trusted_keys();
        if (!trusted) return done(trusted.error());
        in_worker(
            [read = std::move(read), keys = *trusted]() -> Result<OpenBundle> {
                const auto bytes = read(max_bundle);
                if (!bytes) return bytes.error();
                return open_bundle(*bytes, keys);
            },
            [this, by, is_trial, done = std::move(done)](Result<OpenBundle> opened) {
                if (!opened) return done(opened.error());
                take_bundle(*std::move(opened), by, is_trial, done);
            });
    }

  private:
    struct Plan {
        std::vector<ListFile> files;
        std::vector<RuleFile> rule_files;
        std::vector<std::string> warnings;
    };

    // Runs `work` on the worker and gives what it returns to `then`, back on this thread.
    template <typename Work, typename Then>
    void in_worker(Work work, Then then) {
        worker_.run([this, alive = alive_, work = std::move(work), then = std::move(then)]() mutable {
            auto result = std::make_shared<decltype(work())>(work());
            asio::post(io_, [alive, result, then = std::move(then)]() mutable {
                if (*alive) then(std::move(*result));
            });
        });
    }

    std::string bundle_folder(const std::string& name, std::int64_t serial) const {
        return bundles_folder_ + "/" + name + "-" + std::to_string(serial);
    }

    Result<Plan> plan_sources() const {
        Plan out;
        auto files = files_below(settings_.lists, out.warnings);
        if (!files) return files.error();
        out.files = *std::move(files);
        const auto subscriptions = records_.subscriptions();
        if (!subscriptions) return subscriptions.error();
        std::error_code ignored;
        for (const auto& record : *subscriptions) {
            const auto id = std::to_string(record.id);
            const auto path = subscriptions_folder_ + "/" + id + ".list";
            if (record.kind == "bundle" || !fs::exists(path, ignored)) continue;
            ListFile file{path, subscriptions_folder_ + "/" + id + ".includes/", record.url, {}, {}, {}};
            if (record.kind == "list") {
                const auto category = Taxonomy::shipped().find(record.category);
                if (!category) {
                    out.warnings.push_back(record.url + ": no such category: " + record.category);
                    continue;
                }
                file.category = *category;
            }
            if (const auto format = parse_list_format(record.format)) file.format = *format;
            if (!record.scope.empty()) file.scope = record.scope == "exact" ? Scope::exact : Scope::subtree;
            out.files.push_back(std::move(file));
        }
        const auto bundles = records_.bundles();
        if (!bundles) return bundles.error();
        for (const auto& bundle : *bundles) {
            const auto folder = bundle_folder(bundle.name, bundle.serial);
            const auto rule_path = folder + "/" + std::string(Bundle::rule_file_path);
            const auto text = platform::read_file(rule_path, max_bundle);
            auto reading = text ? read_rule_file(*text, rule_path) : RuleFileReading{{}, {text.error()}};
            if (!reading.file) {
                out.warnings.push_back("the bundle " + bundle.name + " is damaged and not in force: " +
                                       reading.problems.front().text() + " (install it again)");
                continue;
            }
            for (std::size_t i = 0; i < reading.file->lists.size(); ++i) {
                const auto& list = reading.file->lists[i];
                out.files.push_back({folder + "/" + bundle_path_of(list, i),
                                     folder + "/" + bundle_include_folder_of(list, i),
                                     bundle.name + ": " + list.address(), list.category, list.format, list.scope});
            }
            out.rule_files.push_back(*std::move(reading.file));
        }
        return out;
    }

    void take(Plan plan, Library library) {
        library_ = std::move(library);
        rule_files_ = std::move(plan.rule_files);
        library_.warnings.insert(library_.warnings.begin(), plan.warnings.begin(), plan.warnings.end());
        for (const auto& warning : library_.warnings) log_line(Level::warning, "lists", {{"warning", warning}});
        std::uint64_t refused = 0;
        for (const auto& list : library_.lists) refused += list.report.refused;
        log_line(Level::info, "lists in force",
                 {{"names", std::to_string(library_.ruleset->entry_count())},
                  {"rules", std::to_string(library_.ruleset->rule_count())},
                  {"lists", std::to_string(library_.lists.size())},
                  {"refused_lines", std::to_string(refused)},
                  {"rule_files", std::to_string(rule_files_.size())},
                  {"image", library_.was_compiled ? "compiled" : "kept"}});
    }

    // One after the other: nobody's line is filled by us.
    void check_next() {
        if (queue_.empty()) return finish_update();
        const auto record = queue_.front();
        queue_.pop_front();
        progress_.current = record.url;
        received_ = expected_ = 0;
        const auto chance = std::uniform_real_distribution<double>(0, 1)(random_);
        in_worker(
            [this, record, chance, folder = subscriptions_folder_] {
                return check_subscription(record, folder, platform::fetch, platform::now().wall_seconds, chance,
                                          [this](std::uint64_t received, std::uint64_t expected) {
                                              received_ = received;
                                              expected_ = expected;
                                              return !is_cancelled_;
                                          });
            },
            [this](SubscriptionCheck check) { take_check(std::move(check)); });
    }

    void take_check(SubscriptionCheck check) {
        if (check.record.kind == "bundle" && check.is_changed) return take_fetched_bundle(std::move(check));
        is_library_stale_ = is_library_stale_ || check.is_changed;
        note(check.record, check.is_changed ? std::to_string(check.record.entries) + " entries" : "unchanged");
        check_next();
    }

    void note(const store::SubscriptionRecord& record, const std::string& what) {
        if (auto saved = records_.save_state(record); !saved)
            log_line(Level::error, "subscription", {{"url", record.url}, {"error", saved.error().text()}});
        if (!record.problem.empty())
            log_line(Level::warning, "subscription", {{"url", record.url}, {"problem", record.problem}});
        const bool is_good = record.problem.empty();
        progress_.results.push_back({record.url + ": " + (is_good ? what : record.problem), is_good});
        ++progress_.done;
    }

    void take_fetched_bundle(SubscriptionCheck check) {
        const auto trusted = records_.trusted_keys();
        auto opened = trusted ? open_bundle(check.bundle, *trusted) : Result<OpenBundle>(trusted.error());
        const auto refuse = [this, fetched = check.record](const Error& error) {
            auto record = fetched;
            record.etag.clear();  // asked for again: the key may be trusted by then
            record.last_modified.clear();
            record.problem = error.text();
            ++record.failures;
            note(record, {});
            check_next();
        };
        if (!opened) return refuse(opened.error());
        for (const auto& file : rule_files_)
            if (file.name == opened->bundle.name && file.serial == opened->bundle.serial) {
                note(check.record, "unchanged");
                return check_next();
            }
        check.bundle.clear();
        take_bundle(*std::move(opened),
                    {"subscription " + std::to_string(check.record.id), platform::now().wall_seconds}, false,
                    [this, refuse, record = check.record](Result<InstalledBundle> installed) mutable {
                        if (!installed) return refuse(installed.error());
                        record.entries = installed->serial;
                        record.changed = record.checked;
                        note(record, installed->name + " serial " + std::to_string(installed->serial));
                        check_next();
                    });
    }

    void finish_update() {
        const auto end = [this](const Status& done) {
            if (!done) {
                log_line(Level::error, "lists not taken; the former stay in force", {{"error", done.error().text()}});
                progress_.results.push_back({done.error().text(), false});
            }
            progress_.is_running = false;
            progress_.current.clear();
            plan_next_check();
        };
        if (!is_library_stale_) return end(Done{});
        progress_.current = "compiling";
        reload(end);
    }

    // Sleeps until the first subscription is due.
    void plan_next_check() {
        const auto all = records_.subscriptions();
        if (!all || all->empty()) return worker_.run_at(std::nullopt, {});
        std::int64_t first = INT64_MAX;
        for (const auto& record : *all) first = std::min(first, record.next_check);
        worker_.run_at(std::chrono::system_clock::time_point(std::chrono::seconds(first)), [this, alive = alive_] {
            asio::post(io_, [this, alive] {
                if (*alive) update_due();
            });
        });
    }

    void update_due() {
        const auto all = records_.subscriptions();
        if (!all || progress_.is_running) return;
        std::vector<std::int64_t> ids;
        for (const auto& record : *all)
            if (record.next_check <= platform::now().wall_seconds) ids.push_back(record.id);
        if (ids.empty()) return plan_next_check();
        (void)update(std::move(ids));
    }

    void take_bundle(OpenBundle opened, const store::By& by, bool is_trial,
                     std::function<void(Result<InstalledBundle>)> done) {
        const RuleFile* old = nullptr;
        for (const auto& file : rule_files_)
            if (file.name == opened.bundle.name) old = &file;
        if (old != nullptr && old->serial >= opened.bundle.serial)
            return done(Error{opened.bundle.name + " has serial " + std::to_string(old->serial) + ", this one is " +
                                  std::to_string(opened.bundle.serial),
                              {},
                              "a release needs a higher serial than the one before"});
        auto shared = std::make_shared<OpenBundle>(std::move(opened));
        arriving_.insert(shared->bundle.name + "-" + std::to_string(shared->bundle.serial));
        const auto name = shared->bundle.name;
        const auto serial = shared->bundle.serial;
        in_worker(
            [shared, is_trial, folder = bundle_folder(name, serial),
             old_file = old != nullptr ? std::make_shared<RuleFile>(*old) : nullptr,
             old_folder =
                 old != nullptr ? bundle_folder(name, old->serial) : std::string()]() -> Result<InstalledBundle> {
                InstalledBundle out{shared->bundle.name, shared->bundle.serial, {}};
                out.changes =
                    changes_between(old_file.get(), old_file ? files_of(old_folder) : std::vector<Bundle::File>(),
                                    shared->rules, shared->bundle.files);
                if (is_trial) return out;
                for (const auto& file : shared->bundle.files) {
                    const auto path = folder + "/" + file.path;
                    std::error_code fault;
                    fs::create_directories(fs::path(path).parent_path(), fault);
                    if (auto written = platform::write_file_atomically(path, std::as_bytes(std::span(file.content)));
                        !written)
                        return written.error();
                }
                return out;
            },
            [this, shared, by, is_trial, done = std::move(done)](Result<InstalledBundle> prepared) {
                arriving_.erase(shared->bundle.name + "-" + std::to_string(shared->bundle.serial));
                if (!prepared || is_trial) return done(std::move(prepared));
                const store::BundleRecord record{prepared->name, prepared->serial, shared->key, by.time};
                if (auto put = records_.put_bundle(record, by); !put) return done(put.error());
                reload([done, prepared = *prepared](const Status& loaded) {
                    done(loaded ? Result<InstalledBundle>(prepared) : Result<InstalledBundle>(loaded.error()));
                });
            });
    }

    static std::vector<Bundle::File> files_of(const std::string& folder) {
        std::vector<Bundle::File> out;
        std::error_code fault;
        for (const auto& entry : fs::recursive_directory_iterator(folder, fault))
            if (entry.is_regular_file(fault))
                if (auto text = platform::read_file(entry.path().string(), max_bundle_content))
                    out.push_back({fs::relative(entry.path(), folder, fault).generic_string(), *std::move(text)});
        return out;
    }

    // Folders of bundles that are not installed any more.
    void remove_old_bundles() const {
        const auto bundles = records_.bundles();
        if (!bundles) return;
        std::error_code fault;
        for (const auto& entry : fs::directory_iterator(bundles_folder_, fault)) {
            const auto name = entry.path().filename().string();
            const auto is_kept = [&](const store::BundleRecord& b) {
                return name == b.name + "-" + std::to_string(b.serial);
            };
            if (!arriving_.contains(name) && std::none_of(bundles->begin(), bundles->end(), is_kept))
                fs::remove_all(entry.path(), fault);
        }
    }

    asio::io_context& io_;
    const Settings settings_;
    store::ListRecords& records_;
    const Publish publish_;
    const std::string subscriptions_folder_, bundles_folder_;
    Library library_;
    std::vector<RuleFile> rule_files_;
    std::set<std::string> arriving_;               // folders of bundles that are being unpacked
    std::deque<store::SubscriptionRecord> queue_;  // of the running update
    UpdateProgress progress_;
    bool is_library_stale_ = false;
    std::mt19937 random_{std::random_device()()};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::atomic<std::uint64_t> received_ = 0, expected_ = 0;
    std::atomic<bool> is_cancelled_ = false;
    Worker worker_;  // the last member: its thread ends before what it uses
};

}  // namespace

std::unique_ptr<Keeper> Keeper::make(asio::io_context& io, Settings settings, store::ListRecords& records,
                                     Publish publish) {
    return std::make_unique<RunningKeeper>(io, std::move(settings), records, std::move(publish));
}

}  // namespace hort::lists
