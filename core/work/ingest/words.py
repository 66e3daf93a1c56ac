"""Words that headers use, in Chinese and English, the most telling first. Written without case, spaces and underscores."""

WORDS: dict[str, tuple[str, ...]] = {
    "occurred_at": (
        "occurredat", "timestamp", "eventtime", "ordertime", "orderdate", "invoicedate", "paytime", "paidat", "datetime", "createdat",
        "createtime", "time", "date", "发生时间", "事件时间", "行为时间", "下单时间", "订单时间", "付款时间", "支付时间", "成交时间",
        "交易时间", "创建时间", "订单创建时间", "发送时间", "时间", "日期", "下单日期", "订单日期",
        "takenat", "snapshotat", "snapshottime", "listedat", "快照时间", "名单时间", "采集时间", "stattime", "statdate", "statday", "统计日期", "统计时间",
    ),
    "name": (
        "event", "eventname", "eventtype", "action", "activity", "name", "type", "事件", "事件名", "事件名称", "行为", "行为类型", "动作",
        "名称", "姓名",
    ),
    "event_id": ("eventid", "messageid", "insertid", "事件id", "事件编号"),
    "order_no": (
        "orderno", "orderid", "ordernumber", "ordersn", "invoiceno", "invoice", "invoiceid", "transactionid", "tradeno", "订单号",
        "订单编号", "单号", "交易号", "主订单号", "小票号", "流水号",
    ),
    "product_id": (
        "productid", "sku", "skuid", "stockcode", "itemid", "goodsid", "product", "productcode", "商品id", "商品编码", "商品编号", "货号",
        "款号", "商品sku",
    ),
    "product_name": ("productname", "description", "itemname", "goodsname", "title", "商品名称", "商品名", "商品", "商品标题", "品名"),
    "quantity": ("quantity", "qty", "count", "units", "num", "数量", "件数", "购买数量", "商品数量"),
    "unit_price": ("unitprice", "price", "itemprice", "单价", "商品单价", "成交单价", "价格"),
    "amount": (
        "amount", "linetotal", "total", "totalamount", "totalprice", "revenue", "sales", "payment", "paidamount", "金额", "实付金额",
        "实付款", "支付金额", "订单金额", "成交金额", "总金额", "总价", "小计", "花费", "消耗", "费用",
    ),
    "currency": ("currency", "currencycode", "币种", "货币"),
    "channel": ("channel", "touchpoint", "medium", "渠道", "来源渠道", "触点", "下单渠道"),
    "acquisition_channel": ("acquisitionchannel", "acquiredby", "获客渠道", "注册渠道", "来源渠道"),
    "unit_id": ("unitid", "storeid", "store", "shopid", "storecode", "门店", "门店编号", "门店编码", "店铺", "门店id", "经营单元"),
    "staff_id": ("staffid", "employeeid", "salesid", "guideid", "员工id", "员工编号", "导购", "导购编号", "工号", "群主", "跟进人", "owner", "ownerid"),
    "group_id": (
        "groupid", "chatid", "roomid", "群id", "群编号", "社群id", "群聊id", "社群", "group", "groupname", "chatname", "roomname", "群名", "群名称",
        "群聊名称", "群聊", "群", "社群名称",
    ),
    "campaign_id": ("campaignid", "campaign", "utmcampaign", "活动id", "活动编号", "活动", "推广计划"),
    "content_id": ("contentid", "articleid", "postid", "内容id", "文章id"),
    "session_id": ("sessionid", "session", "visitid", "会话id", "会话"),
    "sequence": ("sequence", "seq", "step", "顺序", "序号"),
    "message_id": ("messageid", "msgid", "消息id", "消息编号"),
    "sender_kind": ("senderkind", "sendertype", "发送者类型", "发送人类型", "发送者身份", "发送人身份"),
    "message_kind": ("messagekind", "messagetype", "msgtype", "消息类型"),
    "text": ("text", "content", "message", "body", "comment", "消息内容", "内容", "文本", "反馈内容", "评价内容"),
    "reply_to": ("replyto", "inreplyto", "回复"),
    "change": ("change", "变动", "进退群"),
    "scene": ("scene", "joinscene", "入群方式", "方式", "场景"),
    "person_kind": ("personkind", "membertype", "memberkind", "成员类型", "成员身份"),
    "taken_at": ("takenat", "fetchedat", "pulledat", "snapshotat", "拉取时间", "采集时间", "快照时间"),
    "message_count": ("msgtotal", "messagecount", "群消息总数", "消息总数", "消息数"),
    "member_count": ("membertotal", "membercount", "群成员总数", "成员总数", "群人数"),
    "new_member_count": ("newmembercnt", "newmembercount", "新增群成员数", "新增成员数", "新增人数", "入群人数"),
    "talking_member_count": ("memberhasmsg", "talkingmembercount", "发过消息的群成员数", "发言人数", "活跃成员数"),
    "group_count": ("chattotal", "groupcount", "群总数", "群聊总数"),
    "new_group_count": ("newchatcnt", "newgroupcount", "新增群数", "新增群聊数"),
    "talking_group_count": ("chathasmsg", "talkinggroupcount", "有过消息的群数", "有消息的群聊数", "活跃群数"),
    "is_complete": ("iscomplete", "complete", "完整", "是否完整"),
    "touch_id": ("touchid", "sendid", "触达id"),
    "state": ("state", "status", "状态"),
    "reason": ("reason", "原因"),
    "cost": ("cost", "成本", "费用"),
    "offer_id": ("offerid", "couponid", "券id", "优惠券id", "活动券"),
    "coupon_no": ("couponno", "couponcode", "券码", "优惠券码", "券号"),
    "activity_id": ("activityid", "活动id"),
    "action": ("action", "动作", "行为"),
    "feedback_id": ("feedbackid", "反馈id"),
    "feedback_kind": ("feedbackkind", "feedbacktype", "反馈类型"),
    "score": ("score", "rating", "nps", "评分", "分数", "满意度"),
    "category": ("category", "类目", "品类", "分类", "类别", "商品分类"),
    "conversation_id": ("conversationid", "会话id", "会话编号"),
    "first_reply_at": ("firstreplyat", "首次回复时间", "首响时间"),
    "resolved_at": ("resolvedat", "解决时间", "结束时间"),
    "joined_at": ("joinedat", "registeredat", "registrationdate", "signupdate", "注册时间", "入会时间", "加入时间", "添加时间", "jointime", "入群时间", "进群时间"),
    "gender": ("gender", "sex", "性别"),
    "birth_year": ("birthyear", "yearofbirth", "出生年份"),
    "nickname": (
        "nickname", "nick", "昵称", "微信昵称", "用户昵称", "会员昵称", "客户昵称", "顾客昵称", "wechatnickname", "wechatname", "微信名", "网名", "displayname",
        "screenname", "称呼", "preferredname", "备注名", "备注名称", "客户备注名", "remarkname",
    ),
    "city": ("city", "城市", "所在城市"),
    "tier": ("tier", "level", "memberlevel", "会员等级", "等级"),
    "price": ("price", "listprice", "标价", "吊牌价", "价格"),
    "parent_unit_id": ("parentunitid", "parentid", "上级", "上级编号"),
    "unit_kind": ("unitkind", "unittype", "类型"),
    "title": ("title", "标题"),
    "topic": ("topic", "主题", "话题"),
    "format": ("format", "形式", "体裁"),
    "published_at": ("publishedat", "发布时间"),
    "purpose": ("purpose", "consentpurpose", "consenttype", "用途", "目的", "授权用途", "同意用途", "授权目的", "同意类型", "授权类型", "同意事项", "授权事项"),
    "policy_version": ("policyversion", "policy", "termsversion", "政策版本", "协议版本", "隐私政策版本", "隐私协议版本", "条款版本"),
    "proof": ("proof", "evidence", "凭证", "依据", "证明", "同意凭证", "授权凭证", "取证", "留痕"),
    "entry_id": ("entryid", "pointsid", "ledgerid", "积分流水号", "积分记录编号", "积分明细编号", "流水编号", "流水id"),
    "points": ("points", "pointschange", "pointsdelta", "积分", "积分变动", "变动积分", "积分变化", "积分值", "积分数", "积分数量", "分值"),
    "expires_at": ("expiresat", "expiry", "expirydate", "expiresdate", "expiredate", "validuntil", "过期时间", "到期时间", "失效时间", "过期日期", "到期日", "到期日期", "有效期至", "积分有效期"),
    "on_date": ("ondate", "date", "日期"),
    "day_kind": ("daykind", "类型"),
}  # fmt: skip

IDENTITY_WORDS: dict[str, tuple[str, ...]] = {
    "unionid": ("unionid", "微信unionid"),
    "phone": ("phone", "mobile", "phonenumber", "mobilephone", "tel", "手机号", "手机", "手机号码", "联系电话", "电话", "收货电话"),
    "email": ("email", "mail", "emailaddress", "邮箱", "电子邮箱"),
    "external_userid": ("externaluserid", "外部联系人id", "企微客户id", "客户userid"),
    "openid": ("openid", "微信openid"),
    "pos_card": ("poscard", "cardno", "membercard", "loyaltycard", "会员卡号", "卡号", "会员卡"),
    "customer_no": ("customerid", "customerno", "customer", "member", "buyerid", "memberid", "memberno", "客户编号", "客户id", "会员号", "会员编号", "会员id", "买家id", "会员", "客户", "买家"),
    "user_id": (
        "userid", "uid", "user", "用户id", "用户编号", "用户", "senderid", "sender", "发送人id", "发送者id", "发送人", "发送者", "发言人",
    ),
    "anonymous_id": ("anonymousid", "deviceid", "visitorid", "cookieid", "设备id", "访客id"),
}  # fmt: skip

REFERRED_PREFIXES = ("referred", "invited", "被推荐人", "被邀请人")
"""What stands before an identity when it is that of the person brought: ``referred_phone``, ``被推荐人手机号``."""

_KIND = ("类型", "type", "kind")
TABLE_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "group_messages": {
        "sender_kind": (*_KIND, "身份", "角色", "role", "消息类型", "messagetype", "msgtype"),
        "message_kind": (*_KIND, "格式", "format"),
    },
    "channel_spend": {"amount": ("spend", "cost", "成本")},
    "consents": {
        "occurred_at": (
            "同意时间",
            "授权时间",
            "签署时间",
            "操作时间",
            "变更时间",
            "consentat",
            "consenttime",
            "consentdate",
            "signedat",
        ),
        "state": (
            "consent",
            "consentstate",
            "consentstatus",
            "optin",
            "是否同意",
            "同意状态",
            "授权状态",
            "订阅状态",
            "是否授权",
            "同意",
        ),
        "channel": ("授权渠道", "同意渠道", "触达渠道", "consentchannel"),
    },
    "points": {
        "occurred_at": ("变动时间", "积分时间", "记账时间", "入账时间"),
        "kind": (*_KIND, "变动类型", "积分类型", "流水类型", "变动原因", "changetype", "pointstype", "transactiontype"),
        "entry_id": ("流水号", "id", "编号", "transactionid", "recordid"),
    },
    "groups": {"name": ("groupname", "chatname", "群名", "群名称", "群聊名称", "社群名称")},
    "units": {"name": ("unitname", "storename", "shopname", "门店名称", "店铺名称")},
    "staff": {"name": ("staffname", "employeename", "员工姓名", "导购姓名")},
    "products": {"name": WORDS["product_name"]},
    "activities": {"name": ("activityname", "活动名称")},
    "campaigns": {"name": ("campaignname", "活动名称")},
    "offers": {"name": ("offername", "couponname", "券名称", "优惠券名称")},
}
"""Words that mean a column only in one table. What ``类型`` of a message is, its values say."""

SENDER_WORDS: dict[str, str] = {
    "member": "member", "成员": "member", "群成员": "member", "会员": "member", "客户": "member", "顾客": "member", "用户": "member",
    "外部联系人": "member", "customer": "member", "user": "member",
    "staff": "staff", "员工": "staff", "内部员工": "staff", "客服": "staff", "导购": "staff", "店员": "staff", "群主": "staff", "管理员": "staff",
    "employee": "staff", "agent": "staff", "owner": "staff", "admin": "staff",
    "bot": "bot", "机器人": "bot", "群机器人": "bot", "robot": "bot",
}  # fmt: skip

MESSAGE_WORDS: dict[str, str] = {
    "text": "text", "文本": "text", "文字": "text", "文本消息": "text",
    "image": "image", "图片": "image", "图片消息": "image", "img": "image", "picture": "image", "photo": "image",
    "link": "link", "链接": "link", "网页": "link", "url": "link", "图文": "link",
    "miniprogram": "mini_program", "小程序": "mini_program", "weapp": "mini_program",
    "file": "file", "文件": "file", "附件": "file", "action": "action", "动作": "action", "notice": "notice", "公告": "notice", "群公告": "notice",
    "system": "system", "系统": "system", "系统消息": "system",
    "voice": "voice", "语音": "voice", "audio": "voice", "video": "video", "视频": "video", "emotion": "emotion", "表情": "emotion",
}  # fmt: skip

PURPOSE_WORDS: dict[str, str] = {
    "marketing": "marketing", "营销": "marketing", "推广": "marketing", "促销": "marketing", "广告": "marketing", "营销推送": "marketing", "营销信息": "marketing",
    "promotion": "marketing", "advertising": "marketing", "newsletter": "marketing",
    "service": "service", "服务": "service", "服务通知": "service", "通知": "service", "售后": "service", "transactional": "service", "notification": "service",
    "profiling": "profiling", "画像": "profiling", "用户画像": "profiling", "个性化": "profiling", "个性化推荐": "profiling", "推荐": "profiling",
    "自动化决策": "profiling", "personalization": "profiling", "personalisation": "profiling", "analytics": "profiling", "数据分析": "profiling",
}  # fmt: skip

CONSENT_WORDS: dict[str, str] = {
    "given": "given", "同意": "given", "已同意": "given", "是": "given", "授权": "given", "已授权": "given", "订阅": "given", "已订阅": "given", "允许": "given",
    "yes": "given", "y": "given", "true": "given", "1": "given", "granted": "given", "accepted": "given", "agreed": "given", "optin": "given",
    "subscribed": "given", "allowed": "given",
    "withdrawn": "withdrawn", "撤回": "withdrawn", "已撤回": "withdrawn", "撤销": "withdrawn", "已撤销": "withdrawn", "取消": "withdrawn", "已取消": "withdrawn",
    "不同意": "withdrawn", "拒绝": "withdrawn", "已拒绝": "withdrawn", "退订": "withdrawn", "已退订": "withdrawn", "否": "withdrawn", "取消授权": "withdrawn",
    "no": "withdrawn", "n": "withdrawn", "false": "withdrawn", "0": "withdrawn", "revoked": "withdrawn", "denied": "withdrawn", "refused": "withdrawn",
    "declined": "withdrawn", "optout": "withdrawn", "unsubscribed": "withdrawn",
}  # fmt: skip
"""What a cell says of a consent. Whoever refused has not agreed, and counts as one who withdrew."""

ALL_CHANNELS = frozenset({"all", "any", "allchannels", "全部", "所有", "全部渠道", "所有渠道", "全渠道", "不限"})
"""A consent of all channels: no channel is named."""

POINT_WORDS: dict[str, str] = {
    "earned": "earned", "获得": "earned", "获取": "earned", "增加": "earned", "发放": "earned", "赠送": "earned", "消费获得": "earned", "签到": "earned",
    "奖励": "earned", "earn": "earned", "accrual": "earned", "credit": "earned", "bonus": "earned",
    "spent": "spent", "使用": "spent", "抵扣": "spent", "兑换": "spent", "扣减": "spent", "消耗": "spent", "积分兑换": "spent", "积分抵扣": "spent",
    "spend": "spent", "redeemed": "spent", "redeem": "spent", "redemption": "spent", "used": "spent", "burn": "spent", "debit": "spent",
    "expired": "expired", "过期": "expired", "失效": "expired", "到期": "expired", "清零": "expired", "expire": "expired", "expiry": "expired",
    "adjusted": "adjusted", "调整": "adjusted", "人工调整": "adjusted", "退回": "adjusted", "退还": "adjusted", "冲正": "adjusted", "退款扣回": "adjusted",
    "adjustment": "adjusted", "adjust": "adjusted", "correction": "adjusted", "refund": "adjusted", "reversal": "adjusted",
}  # fmt: skip

CHANNEL_WORDS: dict[str, str] = {
    "企微": "wecom", "企业微信": "wecom", "wechatwork": "wecom", "wework": "wecom",
    "公众号": "official_account", "服务号": "official_account", "订阅号": "official_account", "officialaccount": "official_account", "mp": "official_account",
    "小程序": "mini_program", "miniprogram": "mini_program", "微信小程序": "mini_program", "miniapp": "mini_program",
    "社群": "group_chat", "群聊": "group_chat", "微信群": "group_chat", "企微群": "group_chat", "groupchat": "group_chat",
    "短信": "sms", "邮件": "email", "邮箱": "email", "电话": "phone", "外呼": "phone",
    "官网": "web", "网站": "web", "网页": "web", "website": "web", "desktop": "web", "pc": "web", "h5": "web",
    "客户端": "app", "手机app": "app", "ios": "app", "android": "app",
    "社交": "social", "小红书": "social", "微博": "social", "抖音": "social", "朋友圈": "social",
    "直播": "live", "livestream": "live", "门店": "store", "线下": "store", "线下门店": "store", "offline": "store", "pos": "store", "shop": "store",
    "线下活动": "offline_event", "offlineevent": "offline_event",
}  # fmt: skip

CURRENCY_SIGNS = {
    "¥": "CNY",
    "￥": "CNY",
    "元": "CNY",
    "€": "EUR",
    "£": "GBP",
    "HK$": "HKD",
    "US$": "USD",
    "CNY": "CNY",
    "EUR": "EUR",
    "GBP": "GBP",
    "USD": "USD",
}

_ORDER = frozenset(WORDS["order_no"])
TABLE_HINTS: dict[str, tuple[frozenset[str], ...]] = {
    "order_lines": (_ORDER, frozenset(WORDS["product_id"] + WORDS["product_name"]), frozenset(WORDS["quantity"])),
    "orders": (_ORDER, frozenset(WORDS["amount"])),
    "events": (frozenset({"event", "eventname", "eventtype", "事件", "事件名", "事件名称", "行为", "行为类型"}),),
    "group_messages": (frozenset(WORDS["group_id"]), frozenset(WORDS["text"])),
    "group_rosters": (
        frozenset(WORDS["group_id"]),
        frozenset({"takenat", "snapshotat", "snapshottime", "listedat", "快照时间", "名单时间", "采集时间"}),
    ),
    "group_statistics": (
        frozenset(WORDS["message_count"] + WORDS["talking_member_count"] + WORDS["talking_group_count"]),
        frozenset(WORDS["member_count"] + WORDS["new_member_count"] + WORDS["group_count"]),
    ),
    "group_membership": (frozenset(WORDS["group_id"]), frozenset(WORDS["change"] + WORDS["scene"])),
    "consents": (
        frozenset(WORDS["purpose"] + WORDS["policy_version"]),
        frozenset({*TABLE_WORDS["consents"]["state"], "state", "status", "状态"}),
    ),
    "points": (
        frozenset(WORDS["points"]),
        frozenset(WORDS["entry_id"] + WORDS["expires_at"] + TABLE_WORDS["points"]["kind"]),
    ),
    "member_profiles": (frozenset(WORDS["joined_at"] + WORDS["gender"] + WORDS["tier"] + WORDS["birth_year"]),),
    "channel_spend": (frozenset(WORDS["channel"]), frozenset({"spend", "cost", "花费", "消耗"})),
    "products": (frozenset(WORDS["product_id"]), frozenset(WORDS["category"] + WORDS["price"])),
}
"""A table is likelier when the header has a word of each of its groups."""
