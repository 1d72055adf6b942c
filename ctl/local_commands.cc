#include "ctl/local_commands.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "ctl/completion.h"
#include "ctl/manual.h"
#include "ctl/rule_files.h"
#include "ctl/rules_match.h"
#include "platform/mapped_file.h"
#include "rules/data/shipped.h"
#include "rules/signature.h"

namespace hort::ctl {

Status run_local(std::string_view command, const nlohmann::json& params, bool is_json) {
    if (command == "rules match") return rules_match(params, is_json, stdin, stdout, stderr);
    if (command == "rules check") return rules_check(params, is_json, stdout);
    if (command == "rules test") return rules_test(params, is_json, stdout);
    if (command == "rules compile") return rules_compile(params, is_json, stdout);
    if (command == "rules keygen") return rules_keygen(params, is_json, stdout);
    if (command == "rules sign") return rules_sign(params, is_json, stdout);
    if (command == "rules verify") return rules_verify(params, is_json, stdout);
    if (command == "manual") {
        std::fputs(manual_page().c_str(), stdout);
        return Done{};
    }
    if (command == "completion") {
        const auto script = completion_script(params.at("shell").get<std::string>());
        if (!script) return script.error();
        std::fputs(script->c_str(), stdout);
        return Done{};
    }
    std::fwrite(data::rule_file_schema_json.data(), 1, data::rule_file_schema_json.size(), stdout);
    return Done{};
}

Result<nlohmann::json> with_local_files(std::string_view command, nlohmann::json params) {
    std::error_code fault;
    if (const auto path = file_of(command, params); !path.empty()) {
        std::FILE* file = std::fopen(path.c_str(), "rb");
        if (file == nullptr) return Error{std::strerror(errno), path, {}};
        std::fclose(file);
        params[command == "import" ? "file" : "bundle"] = std::filesystem::absolute(path).string();
    }
    if (command == "rules trust" || command == "rules distrust") {
        auto text = params.at("key").get<std::string>();
        if (std::filesystem::exists(text, fault)) {
            auto content = platform::read_file(text, 64 << 10);
            if (!content) return content.error();
            text = *std::move(content);
        }
        const auto key = parse_public_key(text);
        if (!key) return key.error();
        params["key"] = text_of(*key);
    }
    return params;
}

std::string file_of(std::string_view command, const nlohmann::json& params) {
    if (command == "import") return params.at("file").get<std::string>();
    if (command == "rules install") return params.at("bundle").get<std::string>();
    return {};
}

}  // namespace hort::ctl
