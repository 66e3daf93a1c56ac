// Streamlit's own words in Chinese. Exact matches only, so that no text of ours or of the data is ever changed.
(function () {
  "use strict";
  var WORDS = {
    "Rerun": "重新运行", "Settings": "设置", "Print": "打印", "Record a screencast": "录制屏幕", "About": "关于", "Report a bug": "报告问题",
    "Get help": "获取帮助", "Clear cache": "清除缓存", "Theme": "主题", "System": "系统", "Light": "浅色", "Dark": "深色",
    "Use system setting": "跟随系统", "Main menu": "主菜单", "App pages": "页面导航", "Close": "关闭", "Open": "打开", "Cancel": "取消", "OK": "确定",
    "Page not found": "找不到页面", "View more": "展开更多", "View less": "收起", "Select all": "全选", "Clear selection": "清除选择", "Clear value": "清除",
    "Clear all": "全部清除", "Add options": "请添加", "Add an option": "请添加", "No results": "没有结果", "No options": "没有选项", "No options to select": "没有可选项", "No options to select.": "没有可选项。",
    "Choose an option": "请选择", "Choose options": "请选择", "Select...": "请选择", "Search": "搜索", "Type to search": "输入以搜索",
    "Press Enter to apply": "按回车键应用", "Press Enter to submit form": "按回车键提交", "Press Enter to submit": "按回车键提交",
    "This field is required.": "此项必填。", "(required)": "（必填）", "Show password text": "显示密码", "Hide password text": "隐藏密码",
    "Show password": "显示密码", "Hide password": "隐藏密码", "Upload": "选择文件", "Browse files": "选择文件", "file upload": "选择文件", "Drag and drop a file here": "将文件拖放到此处",
    "Drag and drop files here": "将文件拖放到此处", "Download as CSV": "下载为 CSV", "Fullscreen": "全屏", "Close fullscreen": "退出全屏",
    "Show/hide columns": "显示或隐藏列", "Show data": "查看数据", "Show chart": "查看图表", "Delete row(s)": "删除行", "Add row": "添加行",
    "Sort ascending": "升序排列", "Sort descending": "降序排列", "Autosize": "自动列宽", "Pin column": "固定列", "Unpin column": "取消固定", "Hide column": "隐藏列",
    "Statistics": "统计", "Copy to clipboard": "复制", "Copy column name": "复制列名", "Copied": "已复制", "Choose date": "选择日期", "Choose date range": "选择日期范围",
    "Choose date and time": "选择日期和时间", "Quick select a date range": "快速选择日期范围", "Past Week": "过去一周", "Past Month": "过去一个月",
    "Past 3 Months": "过去三个月", "Past 6 Months": "过去六个月", "Past Year": "过去一年", "Past 2 Years": "过去两年", "None": "无", "Custom": "自定义",
    "Running...": "运行中…", "Stop": "停止", "Stopping...": "正在停止…", "Connecting": "正在连接", "Please wait...": "请稍候…", "Connection error": "连接错误",
    "Navigate to home page": "回到首页", "Pagination": "翻页", "Previous page": "上一页", "Next page": "下一页", "Close Search": "关闭搜索", "Previous Result": "上一个结果",
    "Next Result": "下一个结果", "Help": "说明", "Dataframe column menu": "列菜单", "Increment": "加", "Decrement": "减", "Selected values": "已选",
    "Previous month": "上个月", "Next month": "下个月", "Clear date": "清除日期", "Clear dates": "清除日期", "Sidebar": "侧边栏", "Expand sidebar": "展开侧边栏",
    "Collapse sidebar": "收起侧边栏", "Notifications": "通知", "Link to heading": "此处的链接", "Scroll tabs left": "向左滚动标签", "Scroll tabs right": "向右滚动标签",
    "Stop script": "停止", "Format": "格式", "Automatic": "自动", "Localized": "按本地习惯", "Plain": "原样", "Compact": "简写", "Percent": "百分比", "Scientific": "科学计数",
    "Accounting": "会计", "empty": "空", "No data": "没有数据", "Custom Theme": "默认主题", "Custom Theme Light": "浅色", "Custom Theme Dark": "深色"
  };
  var ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];
  var SIZE = /^(\d+(?:\.\d+)?\s?[KMG]B) per file(?: • (.*))?$/;
  var MADE_WITH = /^Made with Streamlit (v.*)$/;
  var PAGE_MISSING = /^The page that you have requested does not seem to exist\. Running the app['’]s main page\.$/;

  // Names of buttons say of what they are: "Download as CSV: <the name of a table>". Only they begin so, no text of ours does.
  var OF_SOMETHING = /^(Download as CSV|Show\/hide columns|Search|Fullscreen|Close fullscreen|Show data|Show chart|Add row|Delete row\(s\)): ([^]+)$/;
  var HELP = /^Help for ([^]+)$/;
  var PAGE = /^Page (\d+)$/;
  var REMOVE = /^Remove ([^]+)$/;

  function named(text) {
    var of = OF_SOMETHING.exec(text), help = HELP.exec(text), page = PAGE.exec(text), gone = REMOVE.exec(text);
    if (of) return WORDS[of[1]] + "：" + of[2];
    if (help) return help[1] + "的说明";
    if (page) return "第 " + page[1] + " 页";
    return gone ? "移除" + gone[1] : translated(text);
  }

  function translated(text) {
    var key = text.trim();
    if (!key || key.length > 90) return null;
    if (Object.prototype.hasOwnProperty.call(WORDS, key)) return text.replace(key, WORDS[key]);
    var size = SIZE.exec(key);
    if (size) return "每个文件不超过 " + size[1] + (size[2] ? " • " + size[2] : "");
    var made = MADE_WITH.exec(key);
    if (made) return "基于 Streamlit " + made[1];
    return PAGE_MISSING.test(key) ? "您访问的页面不存在，已打开首页。" : null;
  }
  // Text of ours, and of the data: Markdown, tables, HTML blocks, text that people type.
  var OURS = '[data-testid="stMarkdownContainer"], [data-testid="stHtml"], [data-testid="stDataFrame"] canvas, [contenteditable], textarea, [role="option"]';

  // Labels of Streamlit's own that look like Markdown of ours.
  var THEIRS = '[data-testid="stFileUploader"] button, [data-testid="stTooltipContent"]';

  function visit(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentElement && node.parentElement.closest(OURS) && !node.parentElement.closest(THEIRS)) return;
      var text = translated(node.nodeValue);
      if (text !== null && text !== node.nodeValue) node.nodeValue = text;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.tagName === "SCRIPT" || node.tagName === "STYLE") return;
    ATTRIBUTES.forEach(function (name) {
      var value = node.getAttribute(name), word = value === null ? null : named(value);
      if (word !== null && word !== value) node.setAttribute(name, word);
    });
    for (var child = node.firstChild; child; child = child.nextSibling) visit(child);
  }
  new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === "childList") change.addedNodes.forEach(visit);
      else visit(change.target);
    });
  }).observe(document.documentElement, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES
  });
})();
