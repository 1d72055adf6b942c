// squidGuard's urls (host/path, without scheme) and expressions (POSIX regular expressions on the URL), and tables
// (RFC 4180) with a column of hosts or URLs. What names a path is a rule for URLs and never blocks its whole host.
// Source: the squidGuard documentation on destination groups; UT1's category folders.
#include <algorithm>

#include "rules/ascii.h"
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

// The host of a URL and what follows it. No scheme is needed.
struct SplitUrl {
    std::string_view host, path;
};

SplitUrl split(std::string_view url) {
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    const auto end = url.find_first_of("/?#");
    SplitUrl out{url.substr(0, end), end == std::string_view::npos ? std::string_view() : url.substr(end)};
    if (const auto user = out.host.rfind('@'); user != std::string_view::npos) out.host.remove_prefix(user + 1);
    if (const auto port = out.host.rfind(':'); port != std::string_view::npos && !out.host.starts_with('['))
        out.host = out.host.substr(0, port);
    return out;
}

std::string put_url(LineSink& sink, std::string_view url, Scope bare) {
    const auto parts = split(url);
    if (is_address(parts.host) || parts.host.starts_with('[')) {
        sink.skip();
        return {};
    }
    const auto host = parse_site(parts.host);
    if (!host) return host.error().text();
    if (parts.path.empty() || parts.path == "/") {
        sink.name(*host, bare);
        return {};
    }
    ListRule rule;
    rule.kind = ListRule::Kind::url;
    rule.text = std::string(host->text()) + std::string(parts.path);
    sink.rule(rule);
    return {};
}

class UrlsReader final : public LineReader {
  public:
    using LineReader::LineReader;
    std::string read(std::string_view line) override {
        if (line.starts_with('#')) return {};
        return put_url(sink_, line, Scope::exact);
    }
};

class ExpressionsReader final : public LineReader {
  public:
    using LineReader::LineReader;
    std::string read(std::string_view line) override {
        if (line.starts_with('#')) return {};
        ListRule rule;
        rule.kind = ListRule::Kind::url_expression;
        rule.text = std::string(line);
        sink_.rule(rule);
        return {};
    }
};

// The fields of one record; quotes may not span lines.
Result<std::vector<std::string>> fields_of(std::string_view line) {
    std::vector<std::string> out(1);
    const char separator =
        line.find(';') != std::string_view::npos && line.find(',') == std::string_view::npos ? ';' : ',';
    bool is_quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"')
            out.back() += line[++i];
        else if (c == '"')
            is_quoted = !is_quoted;
        else if (c == separator && !is_quoted)
            out.emplace_back();
        else
            out.back() += c;
    }
    if (is_quoted) return Error{"a quote is not closed", std::string(line.substr(0, 60)), "RFC 4180 section 2"};
    return out;
}

class CsvReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        const bool is_comment = line.starts_with('#');
        if (is_comment) line = trim(line.substr(1));
        auto fields = fields_of(line);
        if (!fields) return is_comment ? std::string() : fields.error().text();
        if (column_ < 0) {
            for (std::size_t i = 0; i < fields->size() && column_ < 0; ++i) {
                auto heading = lower(trim((*fields)[i]));
                std::replace(heading.begin(), heading.end(), ' ', '_');
                if (is_csv_host_heading(heading)) column_ = static_cast<int>(i);
            }
            if (column_ >= 0 || is_comment) return {};
            // No heading: the first column that looks like a host or a URL.
            for (std::size_t i = 0; i < fields->size() && column_ < 0; ++i)
                if (parse_site(split(trim((*fields)[i])).host)) column_ = static_cast<int>(i);
            if (column_ < 0) return "no column holds hosts or URLs, and no heading names one";
        }
        if (is_comment) return {};
        if (static_cast<std::size_t>(column_) >= fields->size())
            return "has " + std::to_string(fields->size()) + " fields; the hosts are in field " +
                   std::to_string(column_ + 1);
        const auto value = trim((*fields)[static_cast<std::size_t>(column_)]);
        if (value.empty()) {
            sink_.skip();
            return {};
        }
        const bool is_url = value.find("://") != std::string_view::npos;
        return put_url(sink_, value, is_url ? Scope::exact : Scope::subtree);
    }

  private:
    int column_ = -1;
};

}  // namespace

std::unique_ptr<LineReader> make_urls_reader(LineSink& sink) { return std::make_unique<UrlsReader>(sink); }
std::unique_ptr<LineReader> make_expressions_reader(LineSink& sink) {
    return std::make_unique<ExpressionsReader>(sink);
}
std::unique_ptr<LineReader> make_csv_reader(LineSink& sink) { return std::make_unique<CsvReader>(sink); }

}  // namespace hort::lists
